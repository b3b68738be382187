using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Management.Catalog;
using Webhooks.Management.Secrets;
using Webhooks.Management.Subscriptions.Limits;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Retries;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.Subscriptions.Shaping.Transforms;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Subscriptions;

/// <summary>Reads a subscription's members out of a body: the same rules for a new one and for a change.</summary>
internal sealed class SubscriptionMembers(UrlRules urls)
{
    public const int MostEventTypes = 100;
    public const int LongestDescription = 1000;
    public const double ShortestTimeout = 0.1;
    public const double LongestTimeout = 30;

    private const string State = "state";

    private static readonly string[] ReadOnly = ["id", "revision", "health", "created_at", "updated_at"];

    /// <summary>A new subscription's draft; what is wrong stands in <paramref name="body"/>'s faults.</summary>
    public SubscriptionDraft Create(MemberReader body) => Apply(body, new SubscriptionDraft(), isNew: true);

    /// <summary>The draft after a merge patch; what is wrong stands in <paramref name="body"/>'s faults.</summary>
    public SubscriptionDraft Change(MemberReader body, SubscriptionDraft present) => Apply(body, present, isNew: false);

    private SubscriptionDraft Apply(MemberReader body, SubscriptionDraft draft, bool isNew)
    {
        var result = new SubscriptionDraft
        {
            Url = body.Text("url", draft.Url, null, ReadUrl),
            EventTypes = ReadEventTypes(body, draft.EventTypes),
            Profile = body.Text("profile", draft.Profile, SubscriptionDraft.DefaultProfile, ReadProfile),
            Description = body.Text("description", draft.Description, null, ReadDescription),
            Secret = body.Text("secret", draft.Secret, null, SecretReading.Read),
            Retry = ReadRetry(body, draft.Retry),
            RetryOn = body.Text("retry_on", draft.RetryOn, null, ReadRetryOn),
            Timeout = ReadTimeout(body, draft.Timeout),
            RateLimit = LimitMembers.ReadRate(body, draft.RateLimit),
            MaxInFlight = LimitMembers.ReadInFlight(body, draft.MaxInFlight),
            OrderingKey = OrderingMembers.Read(body, draft.OrderingKey),
            Filter = body.Json("filter", draft.Filter, patch => ShapingPatch.OfFilter(draft.Filter, patch), EventFilter.Read),
            Transform = body.Json("transform", draft.Transform, patch => ShapingPatch.OfTransform(draft.Transform, patch), EventTransform.Read),
            Channel = body.Text("channel", draft.Channel, null, ChannelReading.Read),
            Headers = HeaderMembers.Read(body, draft.Headers),
            Signature = SignatureMembers.Read(body, draft.Signature),
            SendTraceparent = body.Flag("send_traceparent", draft.SendTraceparent, whenNull: false),
            State = body.Text(State, draft.State, draft.State, ReadState),
        };
        CheckWhole(body, result);
        if (!isNew && body.Names(State) && !body.Has(State))
        {
            // It would set going what somebody paused.
            body.Fault(State, FieldError.InvalidType, "It must be active, paused or disabled; there is none to go back to.");
        }

        foreach (var name in ReadOnly.Where(body.Names))
        {
            body.Fault(name, FieldError.ReadOnly, "It cannot be set.");
        }

        body.RefuseOthers();
        return result;
    }

    private static void CheckWhole(MemberReader body, SubscriptionDraft draft)
    {
        if (draft.Url is null && !body.Has("url"))
        {
            body.Fault("url", FieldError.Required, "A subscription needs a URL.");
        }

        if (draft.EventTypes is not { Count: >= 1 and <= MostEventTypes } && !body.Errors.Any(error => error.Pointer.StartsWith("/event_types", StringComparison.Ordinal)))
        {
            body.Fault("event_types", body.Has("event_types") ? FieldError.OutOfRange : FieldError.Required, $"A subscription needs 1 to {MostEventTypes} event types.");
        }

        if (draft is { Transform: { } transform, EventTypes: { } types } && body.Errors.Count == 0)
        {
            CheckTransform(body, transform, draft, types);
        }

        SignatureCheck.Check(body, draft);
    }

    // Better now than by a delivery that fails. What the filter keeps away need not fit.
    private static void CheckTransform(MemberReader body, EventTransform transform, SubscriptionDraft draft, IReadOnlyList<string> eventTypes)
    {
        foreach (var example in EventExamples.NamedBy(eventTypes).Where(example => Passes(draft.Filter, example)))
        {
            try
            {
                transform.Render(draft.Profile, example);
            }
            catch (TransformException fault)
            {
                body.Fault(body.Has("transform") ? "transform" : "event_types", FieldError.InvalidValue, $"The transform does not fit the documented example of {example.Type}: {fault.Message}");
                return;
            }
        }
    }

    private static bool Passes(EventFilter? filter, AcceptedEvent example)
    {
        using var document = new LazyDocument(example);
        return filter?.Matches(document.Root) ?? true;
    }

    public Reading<string?> ReadUrl(string text) =>
        urls.FindFault(text) is { } fault ? Reading<string?>.Refuse(FieldError.InvalidFormat, fault) : Reading<string?>.Of(text);

    private static IReadOnlyList<string>? ReadEventTypes(MemberReader body, IReadOnlyList<string>? present)
    {
        // One that is named twice is most likely another one misspelled.
        var named = new HashSet<string>(StringComparer.Ordinal);
        return body.Texts("event_types", present, MostEventTypes, text =>
        {
            var type = ReadEventType(text);
            return type.Fault is null && !named.Add(text) ? Reading<string>.Refuse(FieldError.InvalidValue, "It is in the list already.") : type;
        });
    }

    private static Reading<string> ReadEventType(string text) => EventTypePattern.IsValid(text)
        ? Reading<string>.Of(text)
        : Reading<string>.Refuse(FieldError.InvalidFormat, "It must be an event type such as exception.created, all below one such as exception.*, or *.");

    public static Reading<Profile> ReadProfile(string text) => Profile.TryFind(text, out var profile)
        ? Reading<Profile>.Of(profile)
        : Reading<Profile>.Refuse(FieldError.InvalidValue, $"It must be one of {string.Join(", ", BuiltInProfiles.All.Select(known => known.Name))}.");

    private static Reading<string?> ReadDescription(string text) => text.Length <= LongestDescription
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestDescription} characters.");

    private static Reading<RetryOn?> ReadRetryOn(string text) => RetryOnName.Find(text) is { } rule
        ? Reading<RetryOn?>.Of(rule)
        : Reading<RetryOn?>.Refuse(FieldError.InvalidValue, "It must be server_errors or any_failure.");

    private static Reading<SubscriptionState> ReadState(string text) => SubscriptionStateName.Find(text) is { } state
        ? Reading<SubscriptionState>.Of(state)
        : Reading<SubscriptionState>.Refuse(FieldError.InvalidValue, "It must be active, paused or disabled.");

    private static TimeSpan? ReadTimeout(MemberReader body, TimeSpan? present)
    {
        const string Name = "timeout_seconds";
        if (!body.Has(Name))
        {
            return body.Names(Name) ? null : present;
        }

        return TimeSpan.FromSeconds(body.Number(Name, ShortestTimeout, ShortestTimeout, ShortestTimeout, LongestTimeout));
    }

    private static CustomRetry? ReadRetry(MemberReader body, CustomRetry? present)
    {
        const string Name = "retry";
        if (body.Object(Name) is not { } members)
        {
            return body.Names(Name) && !body.Has(Name) ? null : present;
        }

        // A part of the schedule may be changed: the rest stays, or is the default's.
        var (from, defaults) = (present ?? new CustomRetry(), new CustomRetry());
        var retry = new CustomRetry
        {
            MaxAttempts = members.WholeNumber("max_attempts", from.MaxAttempts, defaults.MaxAttempts, RetryLimits.FewestAttempts, RetryLimits.MostAttempts),
            InitialDelaySeconds = members.Number("initial_delay_seconds", from.InitialDelaySeconds, defaults.InitialDelaySeconds, RetryLimits.ShortestDelaySeconds, RetryLimits.LongestInitialDelaySeconds),
            MaxDelaySeconds = members.Number("max_delay_seconds", from.MaxDelaySeconds, defaults.MaxDelaySeconds, RetryLimits.ShortestDelaySeconds, RetryLimits.LongestMaxDelaySeconds),
            BackoffMultiplier = members.Number("backoff_multiplier", from.BackoffMultiplier, defaults.BackoffMultiplier, RetryLimits.SmallestMultiplier, RetryLimits.LargestMultiplier),
            Jitter = members.Number("jitter", from.Jitter, defaults.Jitter, RetryLimits.SmallestJitter, RetryLimits.LargestJitter),
        };
        members.RefuseOthers();
        return retry;
    }
}
