using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Retries;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.Subscriptions.Shaping.Transforms;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Subscriptions.Tests.Storage;

public sealed class SubscriptionStoreTests : IAsyncLifetime
{
    private const string Secret = "a secret of sixteen or more";

    private static readonly SubscriptionSettings Settings = new()
    {
        Url = "https://receiver.example/",
        EventTypes = ["a.*", "b"],
        Profile = BuiltInProfiles.Kyc,
        Description = "Größe",
        Retry = new CustomRetry { MaxAttempts = 3, InitialDelaySeconds = 0.1, Jitter = 0.25 },
        RetryOn = RetryOn.ServerErrors,
        Timeout = TimeSpan.FromSeconds(0.1),
        Filter = EventFilter.Parse("""{"/data/a":{"eq":1.0}}"""),
        Transform = EventTransform.Parse("""{"exclude":["/data/b"]}"""),
        Channel = "orders",
        Headers = new CustomHeaders([new("Authorization", "Bearer of-the-receiver"), new("X-Environment", "test")]),
        Signature = new SignatureOverride { Algorithm = SignatureAlgorithm.HmacSha512, DigestEncoding = DigestEncoding.Base64Url, ValueTemplate = "v0={digest}" },
        SendTraceparent = true,
        RateLimit = 0.01,
        MaxInFlight = 1000,
        OrderingKey = OrderingKey.Parse("/data/exception~1id"),
    };

    private static readonly Actor By = new("tok_1", "a token");

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
    public async Task What_is_created_is_found_as_it_was_given()
    {
        var created = await CreateAsync();

        var found = await _store.FindAsync(created.Id, "tenant", Stop);

        Assert.NotNull(found);
        Assert.Equal(Settings.EventTypes, found.Settings.EventTypes);
        Assert.Equal(Settings, found.Settings with { EventTypes = Settings.EventTypes });
        Assert.Equal([new SubscriptionSecret(Secret)], found.Secrets);
        Assert.Equal((created.CreatedAt, created.UpdatedAt, created.ConfigVersion, 1), (found.CreatedAt, found.UpdatedAt, found.ConfigVersion, found.Revision));
        Assert.Null(await _store.FindAsync(created.Id, "another", Stop));
        Assert.Null(await _store.FindAsync(Guid.CreateVersion7(), tenantId: null, Stop));
    }

    [Fact]
    public async Task Every_write_takes_the_next_version_and_notifies_it()
    {
        await using var listener = await _database.OpenConnectionAsync(Stop);
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add(notification.Payload);
        await using (var listen = new NpgsqlCommand("LISTEN webhooks_config", listener))
        {
            await listen.ExecuteNonQueryAsync(Stop);
        }

        var start = await VersionAsync();
        var created = await CreateAsync();
        var changed = await ChangeAsync(created.Id, current => current with { Settings = current.Settings with { Description = null } });
        await _store.DisableAsync(created.Id, "gone", Stop);
        var deleted = await ChangeAsync(created.Id, current => current with { Deleted = true });

        Assert.Equal([start + 1, start + 2, start + 4], [created.ConfigVersion, changed.ConfigVersion, deleted.ConfigVersion]);
        Assert.Equal(start + 4, await VersionAsync());
        while (heard.Count < 4)
        {
            Assert.True(await listener.WaitAsync(TimeSpan.FromMinutes(1), Stop), $"Heard only {string.Join(", ", heard)}.");
        }

        Assert.Equal(Enumerable.Range(1, 4).Select(number => $"{start + number}"), heard);
    }

    [Fact]
    public async Task A_change_of_settings_is_a_new_revision_and_the_old_one_stays_readable()
    {
        var created = await CreateAsync();

        var changed = await ChangeAsync(created.Id, current => current with { Settings = current.Settings with { Url = "https://other.example/", Retry = null } });

        Assert.Equal(2, changed.Revision);
        Assert.Equal("https://receiver.example/", (await _store.FindRevisionAsync(created.Id, 1, Stop))!.Url);
        Assert.Equal("https://other.example/", (await _store.FindRevisionAsync(created.Id, 2, Stop))!.Url);
        Assert.Null(await _store.FindRevisionAsync(created.Id, 3, Stop));
        Assert.Equal(1, (await ChangeAsync((await CreateAsync()).Id, current => current with { State = SubscriptionState.Disabled })).Revision);
    }

    [Fact]
    public async Task A_change_that_is_not_saved_leaves_nothing()
    {
        var created = await CreateAsync();

        await using (await _store.BeginChangeAsync(created.Id, "tenant", Stop))
        {
        }

        Assert.Equal(created.ConfigVersion, await VersionAsync());
        Assert.Equal(created.ConfigVersion, (await ChangeAsync(created.Id, current => current)).ConfigVersion);
    }

    [Fact]
    public async Task Changes_wait_for_each_other_and_see_each_other()
    {
        var created = await CreateAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ChangeAsync(
            created.Id, current => current with { Settings = current.Settings with { Description = current.Settings.Description + "+" } })));

        var found = await _store.FindAsync(created.Id, "tenant", Stop);
        Assert.Equal(("Größe" + new string('+', 20), 21), (found!.Settings.Description, found.Revision));
    }

    [Fact]
    public async Task New_secrets_replace_the_old_and_the_first_stays_first()
    {
        var created = await CreateAsync();

        var until = DateTimeOffset.UnixEpoch.AddYears(60);
        await ChangeAsync(created.Id, current => current with { Secrets = [new SubscriptionSecret("the new secret"), new SubscriptionSecret(Secret, until)] });

        Assert.Equal([new SubscriptionSecret("the new secret"), new SubscriptionSecret(Secret, until)], (await _store.FindAsync(created.Id, "tenant", Stop))!.Secrets);
    }

    [Fact]
    public async Task What_stops_deliveries_records_up_to_when_they_are_canceled()
    {
        var created = await CreateAsync();

        Assert.True(await _store.DisableAsync(created.Id, "The receiver answered 410.", Stop));
        Assert.False(await _store.DisableAsync(created.Id, "again", Stop));

        var disabled = (await _store.FindAsync(created.Id, "tenant", Stop))!;
        Assert.Equal((SubscriptionState.Disabled, "The receiver answered 410."), (disabled.State, disabled.DisabledReason));
        Assert.True(disabled.CancelBefore > created.CreatedAt);

        var enabled = await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Active, DisabledReason = null });
        Assert.Equal(disabled.CancelBefore, enabled.CancelBefore);

        var deleted = await ChangeAsync(created.Id, current => current with { Deleted = true });
        Assert.True(deleted.CancelBefore > enabled.CancelBefore);
        Assert.Null(await _store.FindAsync(created.Id, "tenant", Stop));
        Assert.Null(await _store.BeginChangeAsync(created.Id, "tenant", Stop));
        Assert.False(await _store.DisableAsync(created.Id, "late", Stop));
    }

    [Fact]
    public async Task A_pause_cancels_nothing_and_ends_with_a_disabling()
    {
        var created = await CreateAsync();

        var paused = await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Paused });
        var resumed = await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Active });
        Assert.Equal((SubscriptionState.Paused, null, null), (paused.State, paused.CancelBefore, resumed.CancelBefore));

        // The answer to an attempt that was on the wire when the pause began.
        await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Paused });
        Assert.True(await _store.DisableAsync(created.Id, "gone", Stop));
        var disabled = (await _store.FindAsync(created.Id, "tenant", Stop))!;
        Assert.Equal((SubscriptionState.Disabled, "gone"), (disabled.State, disabled.DisabledReason));
        Assert.NotNull(disabled.CancelBefore);

        // What was canceled stays so; what comes from now on waits.
        var waiting = await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Paused, DisabledReason = null });
        Assert.Equal(disabled.CancelBefore, waiting.CancelBefore);
        Assert.False(waiting.Accepts(disabled.CancelBefore.Value));
        Assert.True(waiting.Accepts(waiting.UpdatedAt));
    }

    [Fact]
    public async Task What_needs_a_lane_is_saved_together_with_it()
    {
        var plain = Settings with { RateLimit = null, MaxInFlight = null, OrderingKey = null };
        var limited = await CreateAsync();
        var created = await _store.CreateAsync("tenant", SubscriptionState.Active, plain, Secret, By, Stop);
        Assert.Equal((true, false), (limited.HasLane, created.HasLane));
        Assert.Equal([limited.Id], await LanesAsync());

        var paused = await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Paused });
        Assert.True(paused.HasLane);
        Assert.Equal([created.Id, limited.Id], await LanesAsync());
        Assert.True(Assert.Single(await LoadAsync(paused.ConfigVersion - 1)).HasLane);

        // It stays until whoever serves it finds that nothing needs it any more.
        Assert.True((await ChangeAsync(created.Id, current => current with { State = SubscriptionState.Active })).HasLane);
        Assert.True((await ChangeAsync(created.Id, current => current with { Settings = current.Settings with { MaxInFlight = 1 } })).HasLane);
        Assert.Equal([created.Id, limited.Id], await LanesAsync());

        Task<IReadOnlyList<Guid>> LanesAsync() => _database.ColumnAsync<Guid>("SELECT subscription_id FROM lanes ORDER BY subscription_id DESC");
    }

    [Fact]
    public async Task Each_disabling_leaves_a_notice_and_no_other_change_does()
    {
        var (gone, asked) = (await CreateAsync(), await CreateAsync("another"));
        await ChangeAsync(gone.Id, current => current with { Settings = current.Settings with { Description = null } });
        await _store.DisableAsync(gone.Id, "gone", Stop);
        await _store.DisableAsync(gone.Id, "gone", Stop);
        await ChangeAsync(gone.Id, current => current with { Settings = current.Settings with { Description = "disabled" } });
        await ChangeAsync(gone.Id, current => current with { State = SubscriptionState.Active, DisabledReason = null });
        await ChangeAsync(gone.Id, current => current with { Deleted = true });
        var disabled = await ChangeAsync(asked.Id, current => current with { State = SubscriptionState.Disabled }, "another");
        await ChangeAsync(asked.Id, current => current with { State = SubscriptionState.Active }, "another");
        var again = await ChangeAsync(asked.Id, current => current with { State = SubscriptionState.Disabled }, "another");

        Assert.Equal(
            [
                $$"""tenant subscription.disabled {"subscription_id":"sub_{{gone.Id:N}}","reason":"gone"}""",
                $$"""another subscription.disabled {"subscription_id":"sub_{{asked.Id:N}}","reason":"requested"}""",
                $$"""another subscription.disabled {"subscription_id":"sub_{{asked.Id:N}}","reason":"requested"}""",
            ],
            await _database.ColumnAsync<string>("SELECT tenant_id || ' ' || type || ' ' || convert_from(data, 'UTF8') FROM notices ORDER BY seq"));
        Assert.Equal(
            [$"sub_{asked.Id:N}_disabled_{disabled.ConfigVersion}", $"sub_{asked.Id:N}_disabled_{again.ConfigVersion}"],
            (await _database.ColumnAsync<string>("SELECT id FROM notices ORDER BY seq")).Skip(1));
        Assert.Equal(again.UpdatedAt, (await _database.ColumnAsync<DateTimeOffset>("SELECT occurred_at FROM notices ORDER BY seq"))[^1]);
    }

    [Fact]
    public async Task A_change_that_is_not_committed_is_not_told()
    {
        var created = await CreateAsync();
        await _database.ExecuteAsync("ALTER TABLE subscriptions ADD CONSTRAINT never CHECK (disabled_reason <> 'gone')");

        await Assert.ThrowsAsync<PostgresException>(() => _store.DisableAsync(created.Id, "gone", Stop));

        Assert.Empty(await _database.ColumnAsync<string>("SELECT id FROM notices"));
    }

    [Fact]
    public async Task Lists_are_newest_first_and_keep_tenants_apart()
    {
        var one = await CreateAsync();
        await NextMillisecondAsync();
        var two = await CreateAsync();
        await NextMillisecondAsync();
        var foreign = await CreateAsync("foreign");

        Assert.Equal([two.Id, one.Id], await IdsAsync("tenant", before: null, 10));
        Assert.Equal([foreign.Id, two.Id, one.Id], await IdsAsync(tenantId: null, before: null, 10));
        Assert.Equal([two.Id], await IdsAsync("tenant", before: null, 1));
        Assert.Equal([one.Id], await IdsAsync("tenant", before: two.Id, 1));
    }

    [Fact]
    public async Task A_cache_loads_what_changed_after_its_version_the_deleted_included()
    {
        var (one, two) = (await CreateAsync(), await CreateAsync());
        await ChangeAsync(one.Id, current => current with { Deleted = true });

        var all = await LoadAsync(0);
        Assert.Equal([one.Id, two.Id], all.Select(subscription => subscription.Id).Order());
        Assert.True(all.Single(subscription => subscription.Id == one.Id).Deleted);
        Assert.Equal([new SubscriptionSecret(Secret)], all.Single(subscription => subscription.Id == two.Id).Secrets);

        Assert.Equal([one.Id], (await LoadAsync(two.ConfigVersion)).Select(subscription => subscription.Id));
        Assert.Empty(await LoadAsync(await VersionAsync()));
    }

    [Fact]
    public async Task Whoever_sees_a_version_sees_everything_up_to_it()
    {
        var writing = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var number = 0; number < 50; number++)
            {
                await CreateAsync();
            }
        }));

        var (seen, version) = (new HashSet<Guid>(), 0L);
        for (var last = false; !last;)
        {
            last = writing.IsCompleted;
            var now = await VersionAsync();
            seen.UnionWith((await LoadAsync(version)).Select(subscription => subscription.Id));
            version = now;
        }

        await writing;
        Assert.Equal(200, seen.Count);
    }

    [Fact]
    public async Task Headers_are_stored_encrypted_and_with_the_subscription_that_they_belong_to()
    {
        var created = await CreateAsync();
        var other = await CreateAsync();

        await using var text = _database.CreateCommand("SELECT string_agg(r::text || encode(r.headers, 'escape'), '') FROM subscription_revisions r");
        var stored = (string)(await text.ExecuteScalarAsync(Stop))!;
        Assert.Contains("hmac-sha512", stored, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("of-the-receiver", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Environment", stored, StringComparison.Ordinal);

        await using var swap = _database.CreateCommand("UPDATE subscription_revisions SET headers = (SELECT headers FROM subscription_revisions WHERE subscription_id = $1) WHERE subscription_id = $2");
        swap.Parameters.Add(new() { Value = other.Id });
        swap.Parameters.Add(new() { Value = created.Id });
        await swap.ExecuteNonQueryAsync(Stop);
        await Assert.ThrowsAsync<SecretSealedException>(() => _store.FindAsync(created.Id, "tenant", Stop));
    }

    [Fact]
    public async Task A_list_can_be_of_one_channel_only()
    {
        var first = await CreateAsync();
        await NextMillisecondAsync();
        var second = await CreateAsync();
        await ChangeAsync((await CreateAsync()).Id, current => current with { Settings = current.Settings with { Channel = "others" } });
        await ChangeAsync((await CreateAsync()).Id, current => current with { Settings = current.Settings with { Channel = null } });
        await CreateAsync("another");

        Assert.Equal([second.Id, first.Id], (await _store.ListAsync("tenant", "orders", before: null, limit: 10, Stop)).Select(found => found.Id));
        Assert.Equal([first.Id], (await _store.ListAsync("tenant", "orders", second.Id, limit: 10, Stop)).Select(found => found.Id));
        Assert.Equal(3, (await _store.ListAsync(tenantId: null, "orders", before: null, limit: 10, Stop)).Count);
    }

    /// <summary>An id carries its millisecond: of two that were made in one, either may be the later.</summary>
    private static async Task NextMillisecondAsync()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() > now, TimeSpan.FromSeconds(5), "the next millisecond");
    }

    private Task<Subscription> CreateAsync(string tenantId = "tenant") => _store.CreateAsync(tenantId, SubscriptionState.Active, Settings, Secret, By, Stop);

    private async Task<Subscription> ChangeAsync(Guid id, Func<Subscription, Subscription> change, string tenantId = "tenant")
    {
        await using var begun = await _store.BeginChangeAsync(id, tenantId, Stop);
        return await begun!.SaveAsync(change(begun.Current), By, Stop);
    }

    private async Task<IEnumerable<Guid>> IdsAsync(string? tenantId, Guid? before, int limit) =>
        (await _store.ListAsync(tenantId, channel: null, before, limit, Stop)).Select(subscription => subscription.Id);

    private async Task<List<Subscription>> LoadAsync(long sinceVersion)
    {
        var loaded = new List<Subscription>();
        await foreach (var subscription in _store.LoadChangedAsync(sinceVersion, Stop))
        {
            loaded.Add(subscription);
        }

        return loaded;
    }

    private async Task<long> VersionAsync()
    {
        await using var command = _database.CreateCommand("SELECT value FROM settings WHERE name = 'config_version'");
        return (long)(await command.ExecuteScalarAsync(Stop))!;
    }
}
