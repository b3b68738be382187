using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Subscriptions.Tests.Secrets;

public sealed class SecretReencryptionTests : IAsyncLifetime
{
    private static readonly string OldKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private static readonly string NewKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private NpgsqlDataSource _database = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await TestDatabase.CreateMigratedAsync());
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Secrets_are_read_and_rotated_while_they_are_encrypted_anew()
    {
        var before = Store(Vault("old", ("old", OldKey)));
        var both = Vault("new", ("old", OldKey), ("new", NewKey));
        var ids = new List<Guid>();
        for (var number = 0; number < 60; number++)
        {
            ids.Add((await CreateAsync(before, $"the secret of number {number}")).Id);
        }

        using var ended = new CancellationTokenSource();
        var reading = ReadUntilAsync(Store(both), ids, ended.Token);
        var rotating = RotateAsync(Store(both), ids.Where((_, index) => index % 3 == 0));
        var done = await RunAsync(new SecretReencryption(_database, both), size: 4);
        await rotating;
        await ended.CancelAsync();

        Assert.True(await reading > 0);
        Assert.InRange(done, 40, 60);
        Assert.Equal(0, await new SecretReencryption(_database, both).CountAsync(Stop));
        var after = Store(Vault("new", ("new", NewKey)));
        foreach (var (index, id) in ids.Index())
        {
            Assert.Equal(index % 3 == 0 ? $"a new secret {id}" : $"the secret of number {index}", (await after.FindAsync(id, "tenant", Stop))!.SigningSecret);
        }
    }

    [Fact]
    public async Task Secrets_in_their_grace_period_are_encrypted_anew_too()
    {
        var before = Store(Vault("old", ("old", OldKey)));
        var created = await CreateAsync(before, "the first secret of two");
        var until = DateTimeOffset.UnixEpoch.AddYears(60);
        await using (var change = await before.BeginChangeAsync(created.Id, "tenant", Stop))
        {
            await change!.SaveAsync(change.Current with { Secrets = [new("the second secret of two"), new("the first secret of two", until)] }, Actor.System, Stop);
        }

        // Ids are compared as configuration compares them: "NEW" is the key "new".
        var reencryption = new SecretReencryption(_database, Vault("NEW", ("old", OldKey), ("new", NewKey)));

        Assert.Equal(2, await RunAsync(reencryption, size: 10));
        Assert.Equal(0, await RunAsync(new SecretReencryption(_database, Vault("new", ("old", OldKey), ("new", NewKey))), size: 10));
        Assert.Equal(
            [new("the second secret of two"), new("the first secret of two", until)],
            (await Store(Vault("new", ("new", NewKey))).FindAsync(created.Id, "tenant", Stop))!.Secrets);
    }

    [Fact]
    public async Task Headers_of_every_revision_are_encrypted_anew_too()
    {
        var before = Store(Vault("old", ("old", OldKey)));
        var created = await CreateAsync(before, "a secret beside headers");
        foreach (var value in new[] { "one", "two" })
        {
            await using var change = await before.BeginChangeAsync(created.Id, "tenant", Stop);
            await change!.SaveAsync(change.Current with { Settings = change.Current.Settings with { Headers = new CustomHeaders([new("Authorization", value)]) } }, Actor.System, Stop);
        }

        var both = Vault("new", ("old", OldKey), ("new", NewKey));
        Assert.Equal(3, await new SecretReencryption(_database, both).CountAsync(Stop));
        Assert.Equal(3, await RunAsync(new SecretReencryption(_database, both), size: 10));

        Assert.Equal(0, await new SecretReencryption(_database, both).CountAsync(Stop));
        var after = Store(Vault("new", ("new", NewKey)));
        Assert.Equal(new CustomHeaders([new("Authorization", "one")]), (await after.FindRevisionAsync(created.Id, 2, Stop))!.Headers);
        Assert.Equal(new CustomHeaders([new("Authorization", "two")]), (await after.FindAsync(created.Id, "tenant", Stop))!.Settings.Headers);
    }

    /// <summary>Whoever seals something new names it in <see cref="SealedPlace.All"/>.</summary>
    [Fact]
    public async Task Every_column_that_names_a_key_is_known() => Assert.Equal(
        await _database.ColumnAsync<string>(
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name LIKE '%key\\_id' ORDER BY 1"),
        SealedPlace.All.Select(place => $"{place.Table}.{place.KeyId}").Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_secret_that_does_not_open_is_told_and_stays_and_the_others_go_on()
    {
        var before = Store(Vault("old", ("old", OldKey)));
        var (altered, whole) = (await CreateAsync(before, "a secret that is altered"), await CreateAsync(before, "a secret that is whole"));
        await _database.ExecuteAsync("UPDATE subscription_secrets SET ciphertext = set_byte(ciphertext, 20, 255 - get_byte(ciphertext, 20)) WHERE subscription_id = $1", altered.Id);
        var both = Vault("new", ("old", OldKey), ("new", NewKey));

        var chunk = await new SecretReencryption(_database, both).NextAsync(Guid.Empty, 10, Stop);

        Assert.Equal((whole.Id, 1), (chunk!.End, chunk.Count));
        Assert.Contains("Webhooks:SecretKeys:old", Assert.Single(chunk.Faults), StringComparison.Ordinal);
        Assert.Equal("a secret that is whole", (await Store(both).FindAsync(whole.Id, "tenant", Stop))!.SigningSecret);
        Assert.Equal(1, await new SecretReencryption(_database, both).CountAsync(Stop));
    }

    [Fact]
    public async Task The_keys_that_stored_secrets_need_are_asked_for()
    {
        await CreateAsync(Store(Vault("old", ("old", OldKey))), "a secret under the old key");
        await CreateAsync(Store(Vault("new", ("new", NewKey))), "a secret under the new key");

        Assert.Empty(await FaultsAsync(Vault("new", ("old", OldKey), ("new", NewKey))));
        Assert.Contains("Webhooks:SecretKeys:old is missing", Assert.Single(await FaultsAsync(Vault("new", ("new", NewKey)))), StringComparison.Ordinal);
        Assert.Equal(2, (await FaultsAsync(Vault("new", ("old", NewKey), ("new", OldKey)))).Count);
        var wrong = Assert.Single(await FaultsAsync(Vault("new", ("old", NewKey), ("new", NewKey))));
        Assert.Contains("Webhooks:SecretKeys:old is not the key", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain(NewKey, wrong, StringComparison.Ordinal);
    }

    private Task<IReadOnlyList<string>> FaultsAsync(SecretVault vault) => new SecretKeyCheck(_database, vault).FindFaultsAsync(Stop);

    private SubscriptionStore Store(SecretVault vault) => new(_database, vault, TimeProvider.System);

    private static Task<Subscription> CreateAsync(SubscriptionStore store, string secret) => store.CreateAsync(
        "tenant",
        SubscriptionState.Active,
        new SubscriptionSettings { Url = "https://receiver.example/", EventTypes = ["a"], Profile = BuiltInProfiles.Matcher },
        secret,
        Actor.System,
        Stop);

    private static async Task<int> RunAsync(SecretReencryption reencryption, int size)
    {
        var (after, done) = (Guid.Empty, 0);
        while (await reencryption.NextAsync(after, size, Stop) is { } chunk)
        {
            Assert.Empty(chunk.Faults);
            (after, done) = (chunk.End, done + chunk.Count);
        }

        return done;
    }

    private static async Task<int> ReadUntilAsync(SubscriptionStore store, IReadOnlyList<Guid> ids, CancellationToken ended)
    {
        var rounds = 0;
        for (; rounds == 0 || !ended.IsCancellationRequested; rounds++)
        {
            foreach (var (index, id) in ids.Index())
            {
                Assert.Contains((await store.FindAsync(id, "tenant", Stop))!.SigningSecret, new[] { $"the secret of number {index}", $"a new secret {id}" });
            }
        }

        return rounds;
    }

    private static async Task RotateAsync(SubscriptionStore store, IEnumerable<Guid> ids)
    {
        foreach (var id in ids)
        {
            await using var change = await store.BeginChangeAsync(id, "tenant", Stop);
            await change!.SaveAsync(change.Current with { Secrets = [new($"a new secret {id}"), change.Current.Secrets[0] with { ValidUntil = DateTimeOffset.UnixEpoch.AddYears(60) }] }, Actor.System, Stop);
        }
    }

    private static SecretVault Vault(string current, params (string Id, string Key)[] keys)
    {
        var options = new SecretKeyOptions { SecretKeyId = current };
        foreach (var (id, key) in keys)
        {
            options.SecretKeys.Add(id, key);
        }

        return new SecretVault(Options.Create(options));
    }
}
