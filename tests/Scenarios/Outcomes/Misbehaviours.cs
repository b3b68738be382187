using System.Security.Cryptography.X509Certificates;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Outcomes;

/// <summary>A URL for every row of the table, with a real server behind it that does what the row says.</summary>
internal sealed class Misbehaviours(TestCertificateAuthority authority) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _servers = [];

    /// <summary>The receivers that answer with a status code, by row.</summary>
    public Dictionary<OutcomeRow, TestReceiver> Answering { get; } = [];

    public async Task<string> UrlOfAsync(OutcomeRow row) => row.Name switch
    {
        _ when row.IsAnswered => (Answering[row] = await ReceiverAsync(_ => row.Answer)).Url,
        OutcomeRow.EndlessBody => Broken(BrokenReceiver.StallingInTheBody()),
        "never answers" => (await ReceiverAsync(_ => Answer.Never)).Url,
        "never reads" => Broken(BrokenReceiver.Silent()),
        "stalls in the headers" => Broken(BrokenReceiver.StallingInTheHeaders()),
        "no such host" => "http://receiver.invalid/hooks",
        "refuses the connection" => Broken(BrokenReceiver.RefusingConnections()),
        "resets the connection" => Broken(BrokenReceiver.Resetting()),
        "closes early" => Broken(BrokenReceiver.ClosingBeforeTheAnswer()),
        "breaks the handshake off" => Broken(BrokenReceiver.BreakingTheHandshake()),
        "certificate of a trusted authority" => await SecuredAsync(authority.Valid()),
        "expired certificate" => await SecuredAsync(authority.Expired()),
        "self-signed certificate" => await SecuredAsync(authority.SelfSigned()),
        "certificate for another name" => await SecuredAsync(authority.ForAnotherName()),
        "certificate of an unknown authority" => await SecuredAsync(TestCertificateAuthority.FromUnknownAuthority()),
        // The runner exempts the loopback range only. Nothing listens there, and nothing may even be tried.
        "private address" => "http://10.0.0.1/hooks",
        "address of a cloud's metadata" => "http://169.254.169.254/latest/meta-data",
        "does not speak HTTP" => Broken(BrokenReceiver.AnsweringGarbage()),
        "headers over 32 KiB" => Broken(BrokenReceiver.AnsweringHugeHeaders()),
        _ => throw new ArgumentOutOfRangeException(nameof(row), row.Name, "No server does this."),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private async Task<string> SecuredAsync(X509Certificate2 certificate) => (await ReceiverAsync(_ => Answer.Ok, certificate)).Url;

    private async Task<TestReceiver> ReceiverAsync(Func<ReceivedRequest, Answer> answer, X509Certificate2? certificate = null)
    {
        var receiver = await TestReceiver.StartAsync(answer, certificate);
        _servers.Add(receiver);
        return receiver;
    }

    private string Broken(BrokenReceiver receiver)
    {
        _servers.Add(receiver);
        return receiver.Url;
    }
}
