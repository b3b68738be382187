namespace Webhooks.Load.Measuring;

/// <summary>What a figure should be, and whether it is.</summary>
/// <param name="Says">In words.</param>
/// <param name="Measured">The figure.</param>
/// <param name="Limit">What it should not reach, or should.</param>
/// <param name="Holds">Whether it is so.</param>
internal sealed record Aim(string Says, double Measured, double Limit, bool Holds)
{
    public static Aim Below(double limit, double measured, string says) => new(says, Math.Round(measured, 3), limit, measured < limit);

    /// <param name="limit">What it should not reach.</param>
    /// <param name="which">Of the steady latencies of <paramref name="side"/>, in ms.</param>
    /// <param name="side">Of which there may have been none: then nothing holds.</param>
    /// <param name="says">In words.</param>
    public static Aim SteadyBelow(double limit, string which, Side side, string says) =>
        Below(limit, side.SteadyShare > 0 ? side.SteadyLatencyMs[which] : limit, says);

    public static Aim AtLeast(double limit, double measured, string says) => new(says, Math.Round(measured, 3), limit, measured >= limit);
}
