using Webhooks.Broker.Publishing;

namespace Webhooks.Api.Deadlines;

/// <summary>
/// How long a request waits for RabbitMQ: a connection that is lost is back within a second, or the broker is away and
/// waiting longer would only hold the client up; what was handed to a broker that is there has longer to be answered.
/// </summary>
internal sealed class BrokerPatience(ConfirmedPublisher publisher, TimeProvider clock)
{
    private static readonly TimeSpan ToConnect = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ToAnswer = TimeSpan.FromSeconds(4);

    /// <summary>Runs <paramref name="work"/> while the broker is there, again whenever it says that its connection was lost on the way.</summary>
    /// <param name="work">True: it is done, one way or the other. It may be repeated, and is left behind when the time is up.</param>
    /// <exception cref="OperationCanceledException">The broker is away, or did not answer in time; or the client is gone.</exception>
    public async Task RunAsync(Func<CancellationToken, Task<bool>> work, RequestClock request, CancellationToken clientGone)
    {
        using var limit = new CancellationTokenSource(ToAnswer, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, clientGone);
        // The wait has limits of its own.
        await request.WithoutAsync(async () =>
        {
            do
            {
                await ConnectedAsync(either.Token);
            }
            while (!await work(either.Token).WaitAsync(either.Token));

            return true;
        });
    }

    private async Task ConnectedAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ToConnect, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        // Twice: giving up a lost connection takes its time whatever the token says.
        await publisher.WhenReadyAsync(either.Token).WaitAsync(either.Token);
    }
}
