using System.Runtime.InteropServices;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// The rendezvous hash: all dispatchers choose the same one of those that take lanes, each lane is as likely anybody's, and when
/// one comes or goes only its lanes move. Pure.
/// </summary>
internal static class Rendezvous
{
    /// <param name="subscriptionId">Whose lane.</param>
    /// <param name="dispatchers">Those that take lanes; at least one.</param>
    public static long Choose(Guid subscriptionId, IReadOnlyCollection<long> dispatchers) =>
        dispatchers.MaxBy(dispatcher => (Weight(subscriptionId, dispatcher), dispatcher));

    private static ulong Weight(Guid subscriptionId, long dispatcher)
    {
        var halves = MemoryMarshal.Cast<Guid, ulong>(new ReadOnlySpan<Guid>(in subscriptionId));
        return Mix(Mix(Mix(halves[0]) ^ halves[1]) ^ (ulong)dispatcher);
    }

    // The finalizer of SplitMix64: each bit of the input changes half of the output's.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
