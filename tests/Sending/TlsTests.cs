using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Webhooks.Sending.Receivers;

namespace Webhooks.Sending;

/// <summary>Whom the sender trusts, and what it calls what it does not trust. Certificates are made for each test.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Host = "receiver.example";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly TestAuthority _authority = TestAuthority.Create();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_certificate_of_an_extra_authority_is_accepted()
    {
        var result = await SendToAsync(_authority.Issue(Host));

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task An_intermediate_that_the_receiver_shows_is_used()
    {
        using var intermediate = _authority.CreateIntermediate();

        var result = await SendToAsync(intermediate.Issue(Host), shown: intermediate.Certificate);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task An_IP_address_is_a_name_too()
    {
        await using var receiver = Serving(_authority.Issue("127.0.0.1"));
        using var sender = Posts.Sender(Trusting(_authority));

        var result = await sender.SendAsync(Posts.To($"https://127.0.0.1:{receiver.Port}/"), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task Connections_are_used_again()
    {
        await using var receiver = Serving(_authority.Issue(Host));
        using var sender = Sender(Trusting(_authority));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(sender, receiver)).Outcome);
        }

        Assert.Equal(1, receiver.Connections);
    }

    [Fact]
    public async Task An_unknown_authority_makes_the_certificate_invalid()
    {
        using var other = TestAuthority.Create();

        AssertInvalid("unknown authority", await SendToAsync(other.Issue(Host)));
    }

    [Fact]
    public async Task A_missing_intermediate_makes_the_certificate_invalid()
    {
        using var intermediate = _authority.CreateIntermediate();

        AssertInvalid("intermediate certificate is missing", await SendToAsync(intermediate.Issue(Host)));
    }

    [Fact]
    public async Task Without_extra_authorities_only_the_system_s_count()
    {
        await using var receiver = Serving(_authority.Issue(Host));
        using var sender = Sender(Posts.Development);

        AssertInvalid("unknown authority", await SendAsync(sender, receiver));
    }

    [Fact]
    public async Task A_self_signed_certificate_is_invalid() =>
        AssertInvalid("self-signed", await SendToAsync(TestAuthority.SelfSigned(Host)));

    [Fact]
    public async Task An_expired_certificate_is_invalid() =>
        AssertInvalid("expired", await SendToAsync(_authority.IssueExpired(Host)));

    [Fact]
    public async Task A_certificate_of_the_future_is_invalid() =>
        AssertInvalid("not valid yet", await SendToAsync(_authority.IssueForTheFuture(Host)));

    [Fact]
    public async Task A_certificate_for_another_name_is_invalid() =>
        AssertInvalid("another host name", await SendToAsync(_authority.Issue("other.example")));

    [Fact]
    public async Task A_certificate_for_clients_is_invalid() =>
        AssertInvalid("certificate", await SendToAsync(_authority.IssueForClients(Host)));

    [Fact]
    public async Task A_certificate_cannot_make_the_sender_call_an_address()
    {
        using var unknown = TestAuthority.Create();
        await using var bait = RawReceiver.Start(connection => connection.StallAsync());

        AssertInvalid("unknown authority", await SendToAsync(unknown.IssuePointingAt(Host, bait.Url)));
        Assert.Equal(0, bait.Connections);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")] // plain http behind an https URL
    [InlineData("\u0015\u0003\u0003\u0000\u0002\u0002\u0028")] // a handshake_failure alert
    [InlineData("")] // just a goodbye
    public async Task A_handshake_that_is_broken_off_is_a_TLS_failure(string answer)
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.Stream.ReadAtLeastAsync(new byte[16], 16);
            await connection.SendAsync(answer);
        });

        var result = await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}/");

        Assert.Equal(AttemptOutcome.TlsFailed, result.Outcome);
        Assert.Contains("TLS handshake", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handshake_that_is_reset_is_a_TLS_failure()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.Stream.ReadAtLeastAsync(new byte[16], 16);
            connection.Reset();
        });

        var result = await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}/");

        Assert.Equal(AttemptOutcome.TlsFailed, result.Outcome);
    }

    [Fact]
    public async Task The_deadline_covers_the_handshake()
    {
        await using var receiver = RawReceiver.Start(connection => connection.StallAsync());

        var result = await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}/", TimeSpan.FromMilliseconds(300));

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    [Fact]
    public async Task A_goodbye_that_crosses_the_request_is_no_failure()
    {
        RawConnection? idle = null;
        var certificate = _authority.Issue(Host);
        await using var receiver = RawReceiver.Start(connection =>
        {
            idle ??= connection;
            return ServeAsync(connection, certificate, null);
        });
        using var sender = Sender(Trusting(_authority));
        await SendAsync(sender, receiver);

        using var body = new WatchedMemory(() => idle!.Dispose());
        var result = await sender.SendAsync(
            Posts.To($"https://{Host}:{receiver.Port}/") with { Body = body.Memory }, TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(2, receiver.Connections);
    }

    private static void AssertInvalid(string reason, SendResult result)
    {
        Assert.Equal(AttemptOutcome.CertificateInvalid, result.Outcome);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    private async Task<SendResult> SendToAsync(X509Certificate2 certificate, X509Certificate2? shown = null)
    {
        await using var receiver = Serving(certificate, shown);
        using var sender = Sender(Trusting(_authority));
        return await SendAsync(sender, receiver);
    }

    private static Task<SendResult> SendAsync(WebhookSender sender, RawReceiver receiver) =>
        sender.SendAsync(Posts.To($"https://{Host}:{receiver.Port}/"), TestContext.Current.CancellationToken);

    private static SendingOptions Trusting(TestAuthority authority) =>
        new() { AllowedAddresses = "127.0.0.0/8", TrustedCertificates = authority.PemFile };

    private static WebhookSender Sender(SendingOptions options) =>
        Posts.Sender(options, lookUp: _ => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));

    private static RawReceiver Serving(X509Certificate2 certificate, X509Certificate2? shown = null) =>
        RawReceiver.Start(connection => ServeAsync(connection, certificate, shown));

    private static async Task ServeAsync(RawConnection connection, X509Certificate2 certificate, X509Certificate2? shown)
    {
        await using var tls = new SslStream(connection.Stream, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, shown is null ? null : [shown], offline: true),
        });

        while (true)
        {
            await RawConnection.ReadRequestAsync(tls);
            await tls.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Ok));
        }
    }
}
