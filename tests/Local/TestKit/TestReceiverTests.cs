using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Webhooks.TestKit;

namespace Webhooks.Local.Tests.TestKit;

public sealed class TestReceiverTests
{
    [Fact]
    public async Task Requests_are_kept_as_they_came()
    {
        await using var receiver = await TestReceiver.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url + "/a%20b?c=d");
        request.Headers.Add("X-Signature", "sha256=00");
        request.Content = new ByteArrayContent([0, 255, 10]);

        await http.SendAsync(request);

        var received = Assert.Single(await receiver.WaitForAsync(1));
        Assert.Equal(("POST", "/a%20b?c=d"), (received.Method, received.Path));
        Assert.Equal("sha256=00", received.Header("x-signature"));
        Assert.Equal([0, 255, 10], received.Body);
    }

    [Fact]
    public async Task Answers_are_as_told()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 200));
        using var http = new HttpClient();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.PostAsync(receiver.Url, null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(receiver.Url, null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(receiver.Url, null)).StatusCode);

        receiver.AnswerWith = _ => new Answer(429) { Body = "slow down" }.With("Retry-After", "7");
        var throttled = await http.PostAsync(receiver.Url, null);
        Assert.Equal("7", throttled.Headers.GetValues("Retry-After").Single());
        Assert.Equal("slow down", await throttled.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("valid", SslPolicyErrors.None)]
    [InlineData("expired", SslPolicyErrors.RemoteCertificateChainErrors)]
    [InlineData("self-signed", SslPolicyErrors.RemoteCertificateChainErrors)]
    [InlineData("unknown authority", SslPolicyErrors.RemoteCertificateChainErrors)]
    [InlineData("another name", SslPolicyErrors.RemoteCertificateNameMismatch)]
    public async Task Each_certificate_has_exactly_its_fault(string kind, SslPolicyErrors expected)
    {
        using var authority = new TestCertificateAuthority();
        using var certificate = kind switch
        {
            "valid" => authority.Valid(),
            "expired" => authority.Expired(),
            "self-signed" => authority.SelfSigned(),
            "another name" => authority.ForAnotherName(),
            _ => TestCertificateAuthority.FromUnknownAuthority(),
        };
        await using var receiver = await TestReceiver.StartAsync(certificate: certificate);

        Assert.Equal(expected, await FaultOfAsync(receiver, authority));
    }

    [Fact]
    public async Task Misbehaving_receivers_misbehave_as_named()
    {
        using var http = new HttpClient();
        using var impatient = new HttpClient { Timeout = TimeSpan.FromSeconds(1) };

        await using (var refusing = BrokenReceiver.RefusingConnections())
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(refusing.Url, null));
            Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
        }

        await using (var garbage = BrokenReceiver.AnsweringGarbage())
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(garbage.Url, null));
            Assert.Equal(HttpRequestError.InvalidResponse, failure.HttpRequestError);
        }

        await using (var closing = BrokenReceiver.ClosingBeforeTheAnswer())
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(closing.Url, null));
            Assert.Equal(HttpRequestError.ResponseEnded, failure.HttpRequestError);
        }

        await using (var resetting = BrokenReceiver.Resetting())
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(resetting.Url, null));
            Assert.IsType<IOException>(failure.InnerException);
        }

        await using (var broken = BrokenReceiver.BreakingTheHandshake())
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(broken.Url, null));
            Assert.Equal(HttpRequestError.SecureConnectionError, failure.HttpRequestError);
        }

        await using (var stalling = BrokenReceiver.StallingInTheHeaders())
        {
            await Assert.ThrowsAsync<TaskCanceledException>(() => impatient.PostAsync(stalling.Url, null));
            await Eventually.TrueAsync(() => stalling.Count == 1, TimeSpan.FromMinutes(5), "the one connection");
        }

        await using (var huge = BrokenReceiver.AnsweringHugeHeaders())
        {
            using var strict = new HttpClient(new SocketsHttpHandler { MaxResponseHeadersLength = 32 });
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => strict.PostAsync(huge.Url, null));
            Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failure.HttpRequestError);
        }
    }

    private static async Task<SslPolicyErrors> FaultOfAsync(TestReceiver receiver, TestCertificateAuthority authority)
    {
        using var trusted = X509Certificate2.CreateFromPem(authority.Pem);
        var fault = SslPolicyErrors.None;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, receiver.Port);
        await using var tls = new SslStream(client.GetStream());
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.None,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { trusted },
                RevocationMode = X509RevocationMode.NoCheck,
            },
            RemoteCertificateValidationCallback = (_, _, _, errors) =>
            {
                fault = errors;
                return errors == SslPolicyErrors.None;
            },
        };

        if (await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(options)) is { } refusal)
        {
            Assert.IsType<AuthenticationException>(refusal);
        }

        return fault;
    }
}
