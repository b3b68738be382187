using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Webhooks.Sending.Receivers;

/// <summary>A certificate authority made for one test, and the good and bad certificates it issues.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2 _certificate;

    private TestAuthority(X509Certificate2 certificate)
    {
        _certificate = certificate;
        PemFile = Path.Combine(Path.GetTempPath(), $"webhooks-test-ca-{Guid.NewGuid():N}.pem");
        File.WriteAllText(PemFile, certificate.ExportCertificatePem());
    }

    public X509Certificate2 Certificate => _certificate;

    /// <summary>For <c>Webhooks:TrustedCertificates</c>.</summary>
    public string PemFile { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static TestAuthority Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(AuthorityRequest(key, "Webhooks Test CA").CreateSelfSigned(Now.AddYears(-5), Now.AddYears(5)));
    }

    public static X509Certificate2 SelfSigned(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(key, host, ServerAuthentication, null).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
    }

    public TestAuthority CreateIntermediate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(Sign(AuthorityRequest(key, "Webhooks Test Intermediate"), key, Now.AddYears(-4), Now.AddYears(4)));
    }

    public X509Certificate2 Issue(string host) => Issue(host, Now.AddDays(-1), Now.AddDays(1), ServerAuthentication, null);

    public X509Certificate2 IssueExpired(string host) => Issue(host, Now.AddDays(-9), Now.AddDays(-2), ServerAuthentication, null);

    public X509Certificate2 IssueForTheFuture(string host) => Issue(host, Now.AddDays(2), Now.AddDays(9), ServerAuthentication, null);

    public X509Certificate2 IssueForClients(string host) => Issue(host, Now.AddDays(-1), Now.AddDays(1), ClientAuthentication, null);

    public X509Certificate2 IssuePointingAt(string host, string issuerUrl) =>
        Issue(host, Now.AddDays(-1), Now.AddDays(1), ServerAuthentication, issuerUrl);

    public void Dispose()
    {
        _certificate.Dispose();
        File.Delete(PemFile);
    }

    private X509Certificate2 Issue(string host, DateTimeOffset from, DateTimeOffset until, Oid usage, string? issuerUrl)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(Request(key, host, usage, issuerUrl), key, from, until);
    }

    private X509Certificate2 Sign(CertificateRequest request, ECDsa key, DateTimeOffset from, DateTimeOffset until)
    {
        using var certificate = request.Create(_certificate, from, until, RandomNumberGenerator.GetBytes(12));
        return certificate.CopyWithPrivateKey(key);
    }

    private static CertificateRequest AuthorityRequest(ECDsa key, string name)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static CertificateRequest Request(ECDsa key, string host, Oid usage, string? issuerUrl)
    {
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], critical: false));
        if (issuerUrl is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuerUrl]));
        }

        return request;
    }
}
