using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;

namespace Webhooks.Management.Subscriptions.Limits;

/// <summary>Reads how fast, and how many at a time, a subscription's deliveries may go out.</summary>
internal static class LimitMembers
{
    public const double SlowestRate = 0.01;
    public const double FastestRate = 10_000;
    public const int FewestInFlight = 1;
    public const int MostInFlight = 1_000;

    /// <returns>Attempts a second. Null: as many as there are.</returns>
    public static double? ReadRate(MemberReader body, double? present)
    {
        const string Name = "rate_limit";
        const string PerSecond = "per_second";
        if (body.Object(Name) is not { } members)
        {
            return body.Names(Name) && !body.Has(Name) ? null : present;
        }

        if (!members.Has(PerSecond) && (present is null || members.Names(PerSecond)))
        {
            members.Fault(PerSecond, FieldError.Required, "A rate limit needs a number of attempts a second; without a limit, rate_limit is null.");
        }

        var rate = members.Number(PerSecond, present ?? SlowestRate, SlowestRate, SlowestRate, FastestRate);
        members.RefuseOthers();
        return rate;
    }

    /// <returns>Attempts at a time. Null: as many as there are.</returns>
    public static int? ReadInFlight(MemberReader body, int? present)
    {
        const string Name = "max_in_flight";
        if (!body.Has(Name))
        {
            return body.Names(Name) ? null : present;
        }

        return body.WholeNumber(Name, FewestInFlight, FewestInFlight, FewestInFlight, MostInFlight);
    }
}
