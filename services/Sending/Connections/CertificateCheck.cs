using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Webhooks.Sending.Connections;

/// <summary>Accepts a receiver's certificate by the system's authorities or by our extra ones; name and dates always count.</summary>
internal sealed class CertificateCheck(X509Certificate2Collection extraAuthorities)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>
    /// Nothing is fetched while a chain is built. A certificate says where its issuer or its revocation list can be
    /// downloaded, and following that would let a receiver make us call any address, past the guard.
    /// </summary>
    public static X509ChainPolicy OfflinePolicy() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        ApplicationPolicy = { ServerAuthentication },
    };

    /// <summary>Throws rather than answering false, so that the outcome can name the certificate and say why.</summary>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None
        || (certificate is X509Certificate2 leaf && chain is not null
            ? IsIssuedByExtraAuthority(leaf, chain, errors) || Refuse(Reason(leaf, chain, errors))
            : Refuse("The receiver showed no certificate."));

    private static bool Refuse(string reason) => throw new CertificateRefusedException(reason);

    private bool IsIssuedByExtraAuthority(X509Certificate2 leaf, X509Chain asSent, SslPolicyErrors errors)
    {
        // A wrong name stays wrong, whoever issued the certificate.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || extraAuthorities.Count == 0)
        {
            return false;
        }

        using var chain = new X509Chain { ChainPolicy = OfflinePolicy() };
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(extraAuthorities);
        chain.ChainPolicy.ExtraStore.AddRange(asSent.ChainPolicy.ExtraStore);
        return chain.Build(leaf);
    }

    private static string Reason(X509Certificate2 leaf, X509Chain chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return "The receiver's certificate is for another host name.";
        }

        var flaws = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        return flaws switch
        {
            _ when flaws.HasFlag(X509ChainStatusFlags.NotTimeValid) => "The receiver's certificate has expired or is not valid yet.",
            _ when leaf.SubjectName.RawData.AsSpan().SequenceEqual(leaf.IssuerName.RawData) => "The receiver's certificate is self-signed.",
            _ when flaws.HasFlag(X509ChainStatusFlags.UntrustedRoot) || flaws.HasFlag(X509ChainStatusFlags.PartialChain) =>
                "The receiver's certificate comes from an unknown authority, or an intermediate certificate is missing.",
            _ => $"The receiver's certificate is not acceptable ({flaws}).",
        };
    }
}
