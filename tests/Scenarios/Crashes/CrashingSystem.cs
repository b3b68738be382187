using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

/// <summary>
/// A system for the scenarios that kill parts of it, one after the other; with the shared one, the second and last at a
/// time. Two publishers and two dispatchers, so that a survivor's part is played, too.
/// </summary>
public sealed class CrashingSystem : IAsyncLifetime
{
    private LocalSystem? _system;

    public LocalSystem Running => _system ?? throw new InvalidOperationException("The system is not started.");

    // Lanes that nobody needs any more are closed soon, and what is lost is found soon, so that both are met with. And no
    // breaker opens: receivers fail for as long as a busy machine takes, so that retries are under way when parts are killed.
    public async ValueTask InitializeAsync() => _system = await StartAsync(owedGrace: TimeSpan.FromSeconds(10));

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }

    internal static Task<LocalSystem> StartAsync(TimeSpan owedGrace) => LocalSystem.StartAsync(
        new Dictionary<string, string>
        {
            ["Webhooks__OwedGrace"] = $"{owedGrace}",
            ["Webhooks__Lanes__IdleTime"] = "00:00:00.5",
            ["Webhooks__Breaker__FailingFor"] = "01:00:00",
        },
        "--publishers", "2", "--dispatchers", "2");
}

/// <summary>
/// One more, beside the crashing one, which has nothing to do meanwhile. Its grace is longer than a channel may be silent (decision 0027): what such a
/// channel holds would else be announced again before it is given up, and sent twice at once.
/// </summary>
public sealed class PatientSystem : IAsyncLifetime
{
    private LocalSystem? _system;

    public LocalSystem Running => _system ?? throw new InvalidOperationException("The system is not started.");

    public async ValueTask InitializeAsync() => _system = await CrashingSystem.StartAsync(owedGrace: TimeSpan.FromSeconds(45));

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }
}

/// <summary>The classes of a collection run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class CrashCollection : ICollectionFixture<CrashingSystem>
{
    public const string Name = "Crashes";
}
