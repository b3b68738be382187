using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;

namespace Webhooks.Management.Stats;

/// <summary>What is asked: whose deliveries, from when to when in whole minutes, and in which intervals besides.</summary>
/// <param name="TenantId">Null: all.</param>
/// <param name="SubscriptionId">Null: all of the tenant's.</param>
/// <param name="Since">Inclusive; the beginning of a minute.</param>
/// <param name="Until">Exclusive; the end of a minute.</param>
/// <param name="Resolution">Null: no series.</param>
internal sealed record StatsQuery(string? TenantId, Guid? SubscriptionId, DateTimeOffset Since, DateTimeOffset Until, Resolution? Resolution)
{
    private const string SinceName = "since";
    private const string UntilName = "until";
    private const string ResolutionName = "resolution";

    private static readonly TimeSpan UsualSpan = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestSpan = TimeSpan.FromDays(31);

    // Nothing was delivered before or will be for a while: arithmetic on either side has room.
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static StatsQuery Read(QueryReader query, Caller caller, DateTimeOffset now)
    {
        var tenantId = caller.TenantOfList(query.Text(Caller.TenantMember));
        var subscriptionId = query.Value("subscription_id", text => PrefixedId.TryParse(PrefixedId.Subscription, text, out var id)
            ? Reading<Guid>.Of(id)
            : Reading<Guid>.Refuse(FieldError.InvalidFormat, "It must be a subscription's id."));
        var until = Resolution.Ceiling(Time(query, UntilName) ?? now, Resolution.Minute.Length);
        var since = Resolution.Floor(Time(query, SinceName) ?? until - UsualSpan, Resolution.Minute.Length);
        var resolution = ReadResolution(query);

        if (until <= since)
        {
            query.Fault(UntilName, FieldError.OutOfRange, "It must be later than since.");
        }
        else if (until - since > LongestSpan)
        {
            query.Fault(SinceName, FieldError.OutOfRange, $"It must be at most {LongestSpan.TotalDays:0} days before until.");
        }
        else if (resolution is not null && resolution.PointsOf(since, until).Count() > Resolution.MostPoints)
        {
            query.Fault(ResolutionName, FieldError.OutOfRange, $"These are more than {Resolution.MostPoints} intervals: ask for longer ones, or a shorter time.");
        }

        return new StatsQuery(tenantId, subscriptionId, since, until, resolution);
    }

    private static DateTimeOffset? Time(QueryReader query, string name)
    {
        var time = query.Time(name);
        if (time < Earliest || time > Latest)
        {
            query.Fault(name, FieldError.OutOfRange, $"It must lie between {Earliest.Year} and {Latest.Year}.");
            return null;
        }

        return time;
    }

    private static Resolution? ReadResolution(QueryReader query)
    {
        if (query.Text(ResolutionName) is not { } name)
        {
            return null;
        }

        if (Resolution.Named(name) is not { } resolution)
        {
            query.Fault(ResolutionName, FieldError.InvalidValue, "It must be minute, hour or day.");
            return null;
        }

        return resolution;
    }
}
