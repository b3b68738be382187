using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;

namespace Webhooks.Load;

/// <summary>The passage of a number of events from their source to the receiver.</summary>
internal static class Passage
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // Duplicates come after the first copies.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    /// <summary>Publishes and waits until all that is awaited has come, or nothing has for five minutes.</summary>
    /// <param name="source">Publishes the events.</param>
    /// <param name="receiver">Counts them.</param>
    /// <param name="tally">Says which events, and keeps the count.</param>
    /// <param name="rate">Events a second; 0: as fast as the broker confirms.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<Tally> RunAsync(EventSource source, Receiver receiver, Tally tally, double rate, CancellationToken cancellationToken)
    {
        receiver.Expect(tally);
        var publishing = source.PublishAsync(tally, rate, cancellationToken);
        await tally.WhenAllArrivedAsync(publishing, Patience, received => LoadRun.Progress($"  {received} of {tally.Expected} received"), cancellationToken);
        await publishing;
        await tally.WhenQuietAsync(Silence, cancellationToken);
        return tally;
    }
}
