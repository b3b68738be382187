using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Webhooks.Sending.Receivers;

/// <summary>Issues what the test kit's authority does not: through intermediates, for clients, for the future, with a pointer to the issuer.</summary>
internal sealed class ChainAuthority : IDisposable
{
    /// <summary>The host that all its certificates are for.</summary>
    public const string Host = "receiver.example";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    private ChainAuthority(X509Certificate2 certificate)
    {
        Certificate = certificate;
        PemFile = Path.Combine(Path.GetTempPath(), $"webhooks-test-ca-{Guid.NewGuid():N}.pem");
        File.WriteAllText(PemFile, certificate.ExportCertificatePem());
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>For <c>Webhooks:TrustedCertificates</c>.</summary>
    public string PemFile { get; }

    public static ChainAuthority Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        return new ChainAuthority(AuthorityRequest(key, "Webhooks test root").CreateSelfSigned(now.AddDays(-30), now.AddDays(30)));
    }

    public ChainAuthority CreateIntermediate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new ChainAuthority(Sign(AuthorityRequest(key, "Webhooks test intermediate"), key, _now.AddDays(-20), _now.AddDays(20)));
    }

    public X509Certificate2 Issue() => Issue(_now.AddDays(-1), _now.AddDays(1), ServerAuthentication);

    public X509Certificate2 IssueForTheFuture() => Issue(_now.AddDays(2), _now.AddDays(9), ServerAuthentication);

    public X509Certificate2 IssueForClients() => Issue(_now.AddDays(-1), _now.AddDays(1), ClientAuthentication);

    public X509Certificate2 IssuePointingAt(string issuerUrl) => Issue(_now.AddDays(-1), _now.AddDays(1), ServerAuthentication, issuerUrl);

    public void Dispose()
    {
        Certificate.Dispose();
        File.Delete(PemFile);
    }

    private X509Certificate2 Issue(DateTimeOffset from, DateTimeOffset until, string usage, string? issuerUrl = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (issuerUrl is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuerUrl]));
        }

        return Sign(request, key, from, until);
    }

    private X509Certificate2 Sign(CertificateRequest request, ECDsa key, DateTimeOffset from, DateTimeOffset until)
    {
        using var certificate = request.Create(Certificate, from, until, RandomNumberGenerator.GetBytes(12));
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
}
