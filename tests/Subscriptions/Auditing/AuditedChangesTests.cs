using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Subscriptions.Tests.Auditing;

/// <summary>No change without its row, and no row without its change.</summary>
public sealed class AuditedChangesTests : IAsyncLifetime
{
    private static readonly Actor By = new("tok_1", "ci");
    private static readonly SubscriptionSettings Settings = new() { Url = "https://receiver.example/", EventTypes = ["a"], Profile = BuiltInProfiles.Matcher };

    private NpgsqlDataSource _database = null!;
    private SubscriptionStore _store = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await TestDatabase.CreateMigratedAsync());
        var options = new SecretKeyOptions { SecretKeyId = "test", SecretKeys = { ["test"] = Convert.ToBase64String(new byte[32]) } };
        _store = new SubscriptionStore(_database, new SecretVault(Options.Create(options)), TimeProvider.System);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Every_change_has_its_row()
    {
        var created = await CreateAsync();
        await ChangeAsync(created.Id, current => current with { Settings = current.Settings with { Url = "https://other.example/" } });
        await ChangeAsync(created.Id, current => current with { Secrets = [new SubscriptionSecret("another secret of this")] });
        await _store.DisableAsync(created.Id, "gone", Stop);
        await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Active, DisabledReason = null });
        await ChangeAsync(created.Id, current => current with { Deleted = true });

        Assert.Equal(
            [
                "tok_1 subscription.created", "tok_1 subscription.updated", "tok_1 secret.rotated",
                "system subscription.disabled", "tok_1 subscription.enabled", "tok_1 subscription.deleted",
            ],
            await _database.ColumnAsync<string>("SELECT actor || ' ' || action FROM audit WHERE subject = $1 AND tenant_id = 'tenant' ORDER BY created_at", $"sub_{created.Id:N}"));
    }

    [Fact]
    public async Task A_change_that_is_not_made_has_none()
    {
        var created = await CreateAsync();
        await ChangeAsync(created.Id, current => current);
        await using (await _store.BeginChangeAsync(created.Id, "tenant", Stop))
        {
        }

        await _store.DisableAsync(created.Id, "gone", Stop);
        await _store.DisableAsync(created.Id, "again", Stop);

        Assert.Equal(["subscription.created", "subscription.disabled"], await ActionsAsync());
    }

    [Fact]
    public async Task A_change_that_fails_leaves_no_row()
    {
        var created = await CreateAsync();
        await _database.ExecuteAsync("ALTER TABLE subscriptions ADD CONSTRAINT never CHECK (revision < 2)");

        await Assert.ThrowsAsync<PostgresException>(() => ChangeAsync(created.Id, current => current with { Settings = current.Settings with { Description = "x" } }));

        Assert.Equal(["subscription.created"], await ActionsAsync());
    }

    [Fact]
    public async Task A_change_whose_row_cannot_be_written_is_not_made()
    {
        var created = await CreateAsync();
        await _database.ExecuteAsync("ALTER TABLE audit ADD CONSTRAINT never CHECK (actor <> 'tok_1') NOT VALID");

        await Assert.ThrowsAsync<PostgresException>(() => ChangeAsync(created.Id, current => current with { Deleted = true }));
        await Assert.ThrowsAsync<PostgresException>(CreateAsync);

        Assert.Equal([created.Id], (await _store.ListAsync("tenant", channel: null, before: null, 10, Stop)).Select(subscription => subscription.Id));
    }

    private Task<Subscription> CreateAsync() => _store.CreateAsync("tenant", SubscriptionState.Active, Settings, "a secret of sixteen or more", By, Stop);

    private async Task<Subscription> ChangeAsync(Guid id, Func<Subscription, Subscription> change)
    {
        await using var begun = await _store.BeginChangeAsync(id, "tenant", Stop);
        return await begun!.SaveAsync(change(begun.Current), By, Stop);
    }

    private Task<IReadOnlyList<string>> ActionsAsync() => _database.ColumnAsync<string>("SELECT action FROM audit ORDER BY created_at");
}
