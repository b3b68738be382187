using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Webhooks.TestKit;

/// <summary>Makes server certificates at run time: good ones, and one for each way in which a certificate can be bad.</summary>
public sealed class TestCertificateAuthority : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public TestCertificateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Webhooks test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(_now - 30 * Day, _now + 30 * Day);
    }

    /// <summary>The authority's certificate, for <c>Webhooks__TrustedCertificates</c>.</summary>
    public string Pem => _authority.ExportCertificatePem();

    /// <summary>Good for localhost and 127.0.0.1.</summary>
    public X509Certificate2 Valid() => Issue("localhost", _now - Day, _now + Day);

    public X509Certificate2 Expired() => Issue("localhost", _now - 2 * Day, _now - Day);

    /// <summary>For another host than the one it stands on.</summary>
    public X509Certificate2 ForAnotherName() => Issue("elsewhere.test", _now - Day, _now + Day);

    /// <summary>Good in all but that nobody vouches for it.</summary>
    public X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = ServerRequest("localhost", key).CreateSelfSigned(_now - Day, _now + Day);
        return WithUsableKey(certificate);
    }

    /// <summary>Issued by an authority that nobody has heard of.</summary>
    public static X509Certificate2 FromUnknownAuthority()
    {
        using var unknown = new TestCertificateAuthority();
        return unknown.Valid();
    }

    /// <summary>Writes <see cref="Pem"/> to a file and returns its path.</summary>
    public async Task<string> WritePemAsync(string directory)
    {
        var file = Path.Combine(directory, "authority.pem");
        await File.WriteAllTextAsync(file, Pem);
        return file;
    }

    public void Dispose() => _authority.Dispose();

    private X509Certificate2 Issue(string host, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = ServerRequest(host, key).Create(_authority, from, until, RandomNumberGenerator.GetBytes(8));
        using var certificate = bare.CopyWithPrivateKey(key);
        return WithUsableKey(certificate);
    }

    private static CertificateRequest ServerRequest(string host, ECDsa key)
    {
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        if (host == "localhost")
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        return request;
    }

    // A round trip through PKCS #12 gives the certificate a key that outlives the one it was made with.
    private static X509Certificate2 WithUsableKey(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
