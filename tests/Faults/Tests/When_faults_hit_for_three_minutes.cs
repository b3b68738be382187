using Webhooks.Faults.Reporting;

namespace Webhooks.Faults.Tests;

/// <summary>The suite itself, as a test: see the README beside the project for what it does and for longer runs.</summary>
public sealed class When_faults_hit_for_three_minutes(ITestOutputHelper output)
{
    [Fact]
    public async Task Should_lose_nothing_and_count_everything_right()
    {
        var options = new FaultOptions { Length = TimeSpan.FromMinutes(3), Seed = 7 };

        var report = await new FaultRun(options, output.WriteLine).RunAsync();

        output.WriteLine(ReportTable.Of(report));
        Assert.True(report.Holds, ReportTable.Of(report));
    }
}
