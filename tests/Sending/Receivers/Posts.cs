using System.Net;
using System.Text;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Sending.Receivers;

/// <summary>Senders and requests as most tests want them.</summary>
internal static class Posts
{
    public static readonly SendingOptions Development = new() { AllowInsecureUrls = true, AllowedAddresses = "127.0.0.0/8 ::1" };

    public static WebhookSender Sender(SendingOptions? options = null, Func<string, IPAddress[]>? resolve = null) =>
        new(options ?? Development, TimeProvider.System, resolve ?? Dns.GetHostAddresses);

    public static WebhookRequest To(string url, TimeSpan? deadline = null, byte[]? body = null, string tenantId = "tenant_001") => new(
        tenantId,
        url,
        body ?? Encoding.UTF8.GetBytes("""{"id":"evt_exc_001"}"""),
        [new("X-Matcher-Signature", "sha256=00"), new("User-Agent", "Webhooks/0.1.0")],
        deadline ?? TimeSpan.FromSeconds(30));

    public static async Task<SendResult> SendOnceAsync(string url, TimeSpan? deadline = null, SendingOptions? options = null)
    {
        using var sender = Sender(options);
        return await sender.SendAsync(To(url, deadline), TestContext.Current.CancellationToken);
    }
}
