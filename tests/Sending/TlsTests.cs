using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Webhooks.Sending.Receivers;
using Webhooks.TestKit;

namespace Webhooks.Sending;

/// <summary>Whom the sender trusts, and what it calls what it does not trust.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly TestCertificateAuthority _authority = new();
    private SendingOptions _trusting = new();

    public async ValueTask InitializeAsync() => _trusting = new SendingOptions
    {
        AllowedAddresses = Posts.Development.AllowedAddresses,
        TrustedCertificates = await _authority.WritePemAsync(await TestDirectory.CreateAsync("sending-tls")),
    };

    public ValueTask DisposeAsync()
    {
        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_certificate_of_an_extra_authority_is_accepted()
    {
        await using var receiver = await TestReceiver.StartAsync(certificate: _authority.Valid());

        var result = await Posts.SendOnceAsync(receiver.Url, options: _trusting);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task An_IP_address_is_a_name_too()
    {
        await using var receiver = await TestReceiver.StartAsync(certificate: _authority.Valid());

        var result = await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}", options: _trusting);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task Without_extra_authorities_only_the_system_s_count()
    {
        await using var receiver = await TestReceiver.StartAsync(certificate: _authority.Valid());

        AssertInvalid("unknown authority", await Posts.SendOnceAsync(receiver.Url));
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task An_unknown_authority_makes_the_certificate_invalid() =>
        AssertInvalid("unknown authority", await SendToAsync(TestCertificateAuthority.FromUnknownAuthority()));

    [Fact]
    public async Task A_self_signed_certificate_is_invalid() => AssertInvalid("self-signed", await SendToAsync(_authority.SelfSigned()));

    [Fact]
    public async Task An_expired_certificate_is_invalid() => AssertInvalid("expired", await SendToAsync(_authority.Expired()));

    [Fact]
    public async Task A_certificate_for_another_name_is_invalid() =>
        AssertInvalid("another host name", await SendToAsync(_authority.ForAnotherName()));

    [Fact]
    public async Task TLS_older_than_1_2_is_a_TLS_failure()
    {
#pragma warning disable SYSLIB0039, CA5397 // an old version is the point
        await using var receiver = await TestReceiver.StartAsync(certificate: _authority.Valid(), protocols: SslProtocols.Tls11);
#pragma warning restore SYSLIB0039, CA5397

        AssertTlsFailed(await Posts.SendOnceAsync(receiver.Url, options: _trusting));
    }

    [Fact]
    public async Task Plain_http_behind_an_https_URL_is_a_TLS_failure()
    {
        await using var receiver = BrokenReceiver.BreakingTheHandshake();

        AssertTlsFailed(await Posts.SendOnceAsync(receiver.Url));
    }

    [Theory]
    [InlineData("\u0015\u0003\u0003\u0000\u0002\u0002\u0028")] // a handshake_failure alert
    [InlineData("")] // just a goodbye
    public async Task A_handshake_that_is_broken_off_is_a_TLS_failure(string answer)
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.Stream.ReadAtLeastAsync(new byte[4096], 16);
            await connection.SendAsync(answer);
        });

        AssertTlsFailed(await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}/"));
    }

    [Fact]
    public async Task A_handshake_that_is_reset_is_a_TLS_failure()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.Stream.ReadAtLeastAsync(new byte[4096], 16);
            connection.Reset();
        });

        AssertTlsFailed(await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}/"));
    }

    [Fact]
    public async Task The_deadline_covers_the_handshake()
    {
        await using var receiver = RawReceiver.Start(connection => connection.StallAsync());

        var result = await Posts.SendOnceAsync($"https://127.0.0.1:{receiver.Port}/", TimeSpan.FromMilliseconds(300));

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    private async Task<SendResult> SendToAsync(X509Certificate2 certificate)
    {
        await using var receiver = await TestReceiver.StartAsync(certificate: certificate);
        return await Posts.SendOnceAsync(receiver.Url, options: _trusting);
    }

    private static void AssertInvalid(string reason, SendResult result)
    {
        Assert.Equal(AttemptOutcome.CertificateInvalid, result.Outcome);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    private static void AssertTlsFailed(SendResult result)
    {
        Assert.Equal(AttemptOutcome.TlsFailed, result.Outcome);
        Assert.Contains("TLS handshake", result.Error, StringComparison.Ordinal);
    }
}
