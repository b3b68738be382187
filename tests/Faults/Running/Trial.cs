using System.Diagnostics;
using Webhooks.Faults.Injecting;
using Webhooks.Faults.Judging;
using Webhooks.Faults.Publishing;
using Webhooks.Faults.Receiving;
using Webhooks.TestKit;

namespace Webhooks.Faults.Running;

/// <summary>
/// A running system under load and under watch: events are published, receivers keep book, and in the end all three sides
/// are asked. What is done to the system meanwhile is somebody else's.
/// </summary>
internal sealed class Trial : IAsyncDisposable
{
    private const int MostHistories = 10;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly ReceiptBook _book;
    private readonly RunApi _api;
    private readonly DatabaseWitness _witness;
    private readonly EventStream _stream;
    private readonly Task _publishing;

    private Trial(ReceiptBook book, Receivers receivers, RunApi api, DatabaseWitness witness, EventStream stream)
    {
        (_book, Receivers, _api, _witness, _stream) = (book, receivers, api, witness, stream);
        Recoveries = new Recoveries(stream);
        book.Taken += Recoveries.Taken;
        _publishing = stream.RunAsync(_stop.Token, _giveUp.Token);
    }

    public Receivers Receivers { get; }

    public Recoveries Recoveries { get; }

    /// <param name="services">To put under load.</param>
    /// <param name="database">Npgsql connection string, past whatever stands between it and the services.</param>
    /// <param name="rate">Events a second.</param>
    public static async Task<Trial> StartAsync(LocalSystem services, string database, int rate)
    {
        var book = new ReceiptBook();
        var receivers = new Receivers(book);
        var api = new RunApi(services.Management);
        var numbers = await api.SubscribeAsync(receivers, book);
        return new Trial(book, receivers, api, new DatabaseWitness(database, numbers), new EventStream(services, rate));
    }

    /// <summary>Waits until everything has ended, or the patience is used up, and judges.</summary>
    public async Task<Judgement> EndAsync(TimeSpan patience)
    {
        var settling = Stopwatch.StartNew();
        // Fresh events go on until every fault has recovered: it is by them that recovery is seen.
        await WaitAsync(() => Task.FromResult(Recoveries.All.All(recovery => recovery.After is not null || recovery.IsOvertaken)));
        await _stop.CancelAsync();
        await _publishing;
        await WaitAsync(() => Task.FromResult(_stream.Unconfirmed.Count == 0));
        await _giveUp.CancelAsync();
        await _stream.WhenAllConfirmedAsync();
        await WaitAsync(HasEndedAsync);

        var settled = settling.Elapsed;
        var evidence = await EvidenceAsync();
        var verdict = Verdict.Of(evidence, Subscriber.All);
        var histories = new List<string>();
        foreach (var key in verdict.Findings.Select(finding => finding.Key).OfType<DeliveryKey>().Distinct().Take(MostHistories))
        {
            histories.AddRange([$"{key}:", .. (await _witness.HistoryAsync(key)).Select(line => "  " + line)]);
        }

        return new Judgement(evidence, verdict, settled, histories);

        // Until it holds, or all the patience is used up; the verdict says which.
        async Task WaitAsync(Func<Task<bool>> condition)
        {
            while (settling.Elapsed < patience && !await condition())
            {
                await Task.Delay(Look);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _giveUp.CancelAsync();
        await _publishing;
        await _stream.WhenAllConfirmedAsync();
        await Receivers.DisposeAsync();
        await _witness.DisposeAsync();
        _stop.Dispose();
        _giveUp.Dispose();
    }

    private async Task<bool> HasEndedAsync()
    {
        var statuses = await _witness.StatusesAsync();
        var wanted = _stream.Confirmed.Sum(number => Subscriber.All.Count(subscriber => subscriber.Wants(number)));
        return statuses.GetValueOrDefault("pending") == 0 && statuses.Values.Sum() >= wanted;
    }

    private async Task<Evidence> EvidenceAsync() => new()
    {
        Confirmed = _stream.Confirmed,
        Unconfirmed = _stream.Unconfirmed,
        Deliveries = await _witness.DeliveriesAsync(),
        Received = _book.All,
        MostInFlight = Receivers.MostInFlight,
        Account = await _api.AccountAsync(),
    };
}

/// <summary>How a trial ended.</summary>
/// <param name="Evidence">What the three sides say.</param>
/// <param name="Verdict">Whether they agree.</param>
/// <param name="SettledAfter">From the end of the last fault until everything had ended.</param>
/// <param name="Histories">Deliveries of some findings with their attempts.</param>
internal sealed record Judgement(Evidence Evidence, Verdict Verdict, TimeSpan SettledAfter, IReadOnlyList<string> Histories);
