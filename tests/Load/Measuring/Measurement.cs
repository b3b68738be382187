using Webhooks.Load.Receiving;

namespace Webhooks.Load.Measuring;

/// <summary>From a moment on, what a passage of events costs, and how fast the machine is meanwhile.</summary>
internal sealed class Measurement(Bench bench) : IDisposable
{
    private readonly ProcessCosts _before = bench.Costs();
    private readonly MachineWatch _machine = new();

    /// <param name="tally">What came.</param>
    /// <param name="duration">In which time.</param>
    public Side End(Tally tally, TimeSpan duration) => Side.Of(tally, duration, bench.Costs().Since(_before), _machine.Stop());

    public void Dispose() => _machine.Dispose();
}
