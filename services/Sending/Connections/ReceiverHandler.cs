using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Webhooks.Sending.Connections;

/// <summary>The HTTP stack's settings. What is off here is off because the URL, and the answer, are a stranger's.</summary>
internal static class ReceiverHandler
{
    // Only a safety net: the deadline of the send that wanted the connection comes first.
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromSeconds(30);

    /// <param name="reuse">How long a connection may be used again: a moved name is looked up, and judged, anew after it.</param>
    public static SocketsHttpHandler Create(ReceiverConnector connector, CertificateCheck certificates, TimeSpan reuse) => new()
    {
        ConnectCallback = connector.ConnectAsync,
        ConnectTimeout = LongestDeadline,
        PooledConnectionLifetime = reuse,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),

        // A redirect would get past the guard's sentence and the tenant's intention; a proxy would get past the guard itself.
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        Credentials = null,
        PreAuthenticate = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,

        MaxResponseHeadersLength = 32,
        MaxResponseDrainSize = 64 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),

        // traceparent is one of the rendered headers, and only where the subscription allows it.
        ActivityHeadersPropagator = null,
        MeterFactory = UnheardMeters.Instance,

        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = CertificateCheck.OfflinePolicy(),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = certificates.Accept,
        },
    };

    /// <summary>
    /// The stack's own metrics are tagged with the host name, one series for every tenant's host. Under another name
    /// nobody who listens to "System.Net.Http" gets them.
    /// </summary>
    private sealed class UnheardMeters : IMeterFactory
    {
        public static readonly UnheardMeters Instance = new();

        private readonly Meter _meter = new("Unheard.System.Net.Http");

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose() => _meter.Dispose();
    }
}
