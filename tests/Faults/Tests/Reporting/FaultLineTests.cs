using Webhooks.Faults.Injecting;
using Webhooks.Faults.Planning;
using Webhooks.Faults.Reporting;

namespace Webhooks.Faults.Tests.Reporting;

public sealed class FaultLineTests
{
    private static readonly FaultKind Kind = FaultKind.OfTheSystem[0];

    [Fact]
    public void What_the_next_fault_overtook_is_told_apart_from_what_never_recovered()
    {
        var line = FaultLine.Of(Kind, [Recovery(seconds: 3), Recovery(seconds: 1), Recovery(seconds: 2), Recovery(isOvertaken: true), Recovery(isOvertaken: true), Recovery()]);

        Assert.Equal(new FaultLine(Kind.Name, Count: 6, MedianRecovery: 2, MaxRecovery: 3, Overtaken: 2, Unrecovered: 1), line);
    }

    private static Recovery Recovery(double? seconds = null, bool isOvertaken = false) => new(Kind, receiver: null, from: 0)
    {
        After = seconds is { } after ? TimeSpan.FromSeconds(after) : null,
        IsOvertaken = isOvertaken,
    };
}
