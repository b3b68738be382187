using System.Text.Json;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Auditing;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Retries;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Filters;

namespace Webhooks.Subscriptions.Tests.Auditing;

public sealed class SubscriptionAuditTests
{
    private static readonly Actor By = new("tok_1", "ci");
    private static readonly DateTimeOffset Later = DateTimeOffset.UnixEpoch.AddYears(60);

    private static readonly Subscription Before = new()
    {
        Id = Guid.CreateVersion7(),
        TenantId = "tenant",
        State = SubscriptionState.Active,
        Revision = 4,
        Settings = new SubscriptionSettings { Url = "https://receiver.example/", EventTypes = ["a"], Profile = BuiltInProfiles.Matcher },
        Secrets = [new SubscriptionSecret("the first secret, abcd")],
        CreatedAt = Later,
        UpdatedAt = Later,
        ConfigVersion = 7,
    };

    [Fact]
    public void A_setting_that_changed_is_told_with_its_old_and_its_new_value()
    {
        var after = Before with
        {
            Revision = 5,
            Settings = Before.Settings with { Url = "https://other.example/", Retry = new CustomRetry { MaxAttempts = 3 }, Filter = EventFilter.Parse("""{"/data/a":{"eq":1.0}}""") },
        };

        var entry = Assert.Single(SubscriptionAudit.Changed(Before, after, By));

        Assert.Equal((By, "subscription.updated", "tenant", $"sub_{Before.Id:N}"), (entry.Actor, entry.Action, entry.TenantId, entry.Subject));
        Assert.Equal(
            """
            {"revision":5,"changes":{"url":{"old":"https://receiver.example/","new":"https://other.example/"},"retry":{"old":null,"new":{"max_attempts":3,"initial_delay_seconds":5,"max_delay_seconds":3600,"backoff_multiplier":2,"jitter":0}},"filter":{"old":null,"new":{"/data/a":{"eq":1.0}}}}}
            """,
            entry.Details!.ToJsonString());
    }

    [Fact]
    public void A_filter_that_is_only_spelled_differently_is_a_change()
    {
        var one = Before with { Settings = Before.Settings with { Filter = EventFilter.Parse("""{"/data/a":{"eq":1}}""") } };
        var other = Before with { Settings = Before.Settings with { Filter = EventFilter.Parse("""{"/data/a":{"eq":1.0}}""") } };

        Assert.Equal(AuditAction.SubscriptionUpdated, Assert.Single(SubscriptionAudit.Changed(one, other, By)).Action);
    }

    [Fact]
    public void Each_kind_of_change_has_an_entry_of_its_own()
    {
        var after = Before with
        {
            Settings = Before.Settings with { Description = "x" },
            Secrets = [new SubscriptionSecret("the second secret, efgh"), new SubscriptionSecret("the first secret, abcd", Later)],
            State = SubscriptionState.Disabled,
            DisabledReason = "gone",
            Deleted = true,
        };

        var entries = SubscriptionAudit.Changed(Before, after, Actor.System).ToList();

        Assert.Equal(["subscription.updated", "secret.rotated", "subscription.disabled", "subscription.deleted"], entries.Select(entry => entry.Action));
        Assert.All(entries, entry => Assert.Equal("system", entry.Actor.Id));
        Assert.Equal("""{"reason":"gone","changes":{"state":{"old":"active","new":"disabled"}}}""", entries[2].Details!.ToJsonString());
        Assert.Equal(["subscription.enabled"], SubscriptionAudit.Changed(after, after with { State = SubscriptionState.Active, DisabledReason = null }, By).Select(entry => entry.Action));
    }

    [Theory]
    [InlineData(SubscriptionState.Active, SubscriptionState.Paused, "subscription.paused", "active", "paused")]
    [InlineData(SubscriptionState.Disabled, SubscriptionState.Paused, "subscription.paused", "disabled", "paused")]
    [InlineData(SubscriptionState.Paused, SubscriptionState.Active, "subscription.resumed", "paused", "active")]
    [InlineData(SubscriptionState.Paused, SubscriptionState.Disabled, "subscription.disabled", "paused", "disabled")]
    [InlineData(SubscriptionState.Disabled, SubscriptionState.Active, "subscription.enabled", "disabled", "active")]
    public void A_change_of_state_is_told_by_what_it_does(SubscriptionState before, SubscriptionState after, string action, string old, string now)
    {
        var entry = Assert.Single(SubscriptionAudit.Changed(Before with { State = before }, Before with { State = after }, By));

        Assert.Equal(action, entry.Action);
        Assert.Equal($"{{\"reason\":null,\"changes\":{{\"state\":{{\"old\":\"{old}\",\"new\":\"{now}\"}}}}}}", entry.Details!.ToJsonString());
    }

    [Fact]
    public void Limits_and_order_are_told_in_the_shapes_of_the_API()
    {
        var limited = Before with { Settings = Before.Settings with { RateLimit = 0.5, MaxInFlight = 3, OrderingKey = OrderingKey.Parse("/data/id") } };

        var entry = Assert.Single(SubscriptionAudit.Changed(limited, limited with { Settings = limited.Settings with { RateLimit = 20, MaxInFlight = null, OrderingKey = null } }, By));

        Assert.Equal(
            """{"revision":4,"changes":{"rate_limit":{"old":{"per_second":0.5},"new":{"per_second":20}},"max_in_flight":{"old":3,"new":null},"ordering":{"old":"by_key","new":null},"ordering_key":{"old":"/data/id","new":null}}}""",
            entry.Details!.ToJsonString());
    }

    [Fact]
    public void A_secret_is_masked_and_the_end_of_the_old_one_is_told()
    {
        var after = Before with { Secrets = [new SubscriptionSecret("the second secret, efgh"), new SubscriptionSecret("the first secret, abcd", Later)] };

        var details = Assert.Single(SubscriptionAudit.Changed(Before, after, By)).Details!.ToJsonString();

        Assert.Equal(
            """{"changes":{"secret":{"old":"****************************abcd","new":"****************************efgh"}},"previous_valid_until":"2030-01-01T00:00:00Z"}""", details);
        Assert.Contains("****************************abcd", SubscriptionAudit.Created(Before, By).Details!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("first", SubscriptionAudit.Created(Before, By).Details!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_credential_in_a_header_is_hidden_and_another_one_is_a_change_all_the_same()
    {
        var one = Before with { Settings = Before.Settings with { Headers = new CustomHeaders([new("Authorization", "Bearer one"), new("X-Environment", "test")]) } };
        var other = Before with { Settings = Before.Settings with { Headers = new CustomHeaders([new("Authorization", "Bearer other"), new("X-Environment", "test")]) } };

        var details = Assert.Single(SubscriptionAudit.Changed(one, other, By)).Details!.ToJsonString();

        const string Shown = """{"Authorization":"****************************","X-Environment":"test"}""";
        Assert.Equal("""{"revision":4,"changes":{"headers":{"old":""" + Shown + ",\"new\":" + Shown + "}}}", details);
        Assert.DoesNotContain("Bearer", SubscriptionAudit.Created(one, By).Details!.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(SubscriptionAudit.Changed(one, one with { Settings = one.Settings with { Headers = CustomHeaders.Parse(one.Settings.Headers!.ToJson()) } }, By));
    }

    [Fact]
    public void Nothing_that_changed_is_no_entry() => Assert.Empty(SubscriptionAudit.Changed(Before, Before with { UpdatedAt = Later.AddDays(1) }, By));

    /// <summary>Whoever adds a setting adds it to <see cref="AuditedMembers"/>.</summary>
    [Fact]
    public void Every_setting_is_audited_by_its_name()
    {
        var audited = AuditedMembers.Of(Before.Settings).Select(member => member.Key).ToList();
        var settings = typeof(SubscriptionSettings).GetProperties().Where(property => property.CanWrite).Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).ToList();

        // The order is told by two members, as the API has it.
        Assert.Equal(settings.Count + 1, audited.Distinct().Count());
        Assert.All(settings, name => Assert.Contains(audited, member => member.StartsWith(name, StringComparison.Ordinal)));
    }
}
