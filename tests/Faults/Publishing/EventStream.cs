using System.Collections.Concurrent;
using System.Diagnostics;
using Webhooks.Faults.Running;
using Webhooks.TestKit;

namespace Webhooks.Faults.Publishing;

/// <summary>
/// Publishes events at a pace for as long as it is asked to, and each until it is confirmed, always under the same id: most to
/// the broker, some through the API.
/// </summary>
internal sealed class EventStream(LocalSystem system, int rate)
{
    public const string IdPrefix = "evt_";

    private const int OneThroughTheApi = 10;

    // So many that an outage of half a minute stops nobody, and few enough that the backlog is gone soon.
    private const int MostUnconfirmed = 1000;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BeforeAnotherTry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ApiPatience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<int, Task> _unconfirmed = new();
    private readonly ConcurrentDictionary<int, long> _begun = new();
    private readonly ConcurrentDictionary<int, bool> _confirmed = new();

    public IReadOnlyCollection<int> Confirmed => [.. _confirmed.Keys];

    public IReadOnlyCollection<int> Unconfirmed => [.. _unconfirmed.Keys];

    /// <summary>When it was tried first, as a timestamp of the system's clock.</summary>
    public long BegunAt(int number) => _begun.GetValueOrDefault(number);

    public static string IdOf(int number) => $"{IdPrefix}{number:D8}";

    /// <summary>Goes on until <paramref name="stop"/>; what is not confirmed by then is tried on until <paramref name="giveUp"/>.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        var started = Stopwatch.GetTimestamp();
        using var pace = new PeriodicTimer(Tick);
        for (var number = 0; !stop.IsCancellationRequested;)
        {
            for (var due = (int)(Stopwatch.GetElapsedTime(started).TotalSeconds * rate); number < due && _unconfirmed.Count < MostUnconfirmed; number++)
            {
                Begin(number, giveUp);
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public Task WhenAllConfirmedAsync() => Task.WhenAll(_unconfirmed.Values);

    private void Begin(int number, CancellationToken giveUp)
    {
        _begun[number] = Stopwatch.GetTimestamp();
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _unconfirmed[number] = ConfirmAsync(start.Task, number, giveUp);
        start.SetResult();
    }

    private async Task ConfirmAsync(Task start, int number, CancellationToken giveUp)
    {
        await start;
        var published = TestEvent.Create(Subscriber.TenantId, Subscriber.TypeOf(number), IdOf(number), $$"""{"number":{{number}},"key":{{Subscriber.KeyOf(number)}}}""");
        while (!await TryAsync(published, throughTheApi: number % OneThroughTheApi == 0))
        {
            if (giveUp.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(BeforeAnotherTry, CancellationToken.None);
        }

        _confirmed[number] = true;
        _unconfirmed.TryRemove(number, out _);
    }

    private async Task<bool> TryAsync(TestEvent published, bool throughTheApi)
    {
        try
        {
            await (throughTheApi ? system.Management.PublishAsync(published.Body).WaitAsync(ApiPatience) : system.Events.PublishAsync(published));
            return true;
        }
        catch (Exception away) when (away is HttpRequestException or IOException or TimeoutException or OperationCanceledException)
        {
            // Whoever is away comes back; 503 and a connection that broke mean the same.
            return false;
        }
    }
}
