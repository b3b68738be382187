using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Webhooks.Architecture.Tests;

/// <summary>The order in which <c>.ci/run</c> has the projects tested names projects that there are.</summary>
public sealed partial class SolutionTests
{
    [Fact]
    public void Every_project_that_is_run_early_is_one_of_the_solutions()
    {
        var named = XDocument.Load(Path.Combine(Repository.Root, ".ci/Solution.targets")).Descendants("TestRun")
            .SelectMany(run => ProjectName().Matches((string?)run.Attribute("Condition") ?? "")).Select(match => match.Value).ToList();
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Webhooks.sln"));

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains($"\\{name}.csproj\"", solution, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\w+\.Tests")]
    private static partial Regex ProjectName();
}
