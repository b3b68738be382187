using System.Text.RegularExpressions;

namespace Webhooks.Architecture.Tests;

/// <summary>What a newcomer opens first is there, and what it points to is there too.</summary>
public sealed partial class RootFileTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("LICENSE")]
    [InlineData("docker-compose.yml")]
    [InlineData(".ci/run")]
    public void A_file_that_a_newcomer_looks_for_is_there(string file) => Assert.True(Exists(file), file);

    [Theory]
    [InlineData("README.md")]
    [InlineData("CONTRIBUTING.md")]
    public void Every_path_written_there_exists(string file) => Assert.DoesNotContain(PathsIn(Text(file)), path => !Exists(path));

    [Fact]
    public void Every_decision_stands_in_their_index_in_order() => Assert.Equal(
        Repository.FilesBelow(".md", "services/decisions").Select(file => Path.GetFileName(file)!).Where(name => name != "README.md").Order(StringComparer.Ordinal),
        PathsIn(Text("services/decisions/README.md")));

    [Fact]
    public void Paths_are_found_in_links_code_and_commands()
    {
        const string text = """
            [text](tests/Load/README.md#results) [elsewhere](https://example.org/x) `services/Sending`, `services/decisions/` and
            `dotnet run --project deploy/Local`, but no `/v1/deliveries/{id}`, `services/<name>`, `.local/endpoints.json` or `application/json`
            ```
            dotnet test tests/Dispatcher
            ```
            """;

        Assert.Equal(["tests/Load/README.md", "services/Sending", "services/decisions/", "deploy/Local", "tests/Dispatcher"], PathsIn(text));
    }

    private static IEnumerable<string> PathsIn(string text) => WrittenPath().Matches(text)
        .Select(match => match.Groups["path"].Value)
        .Where(path => !path.Contains("://", StringComparison.Ordinal))
        .Distinct(StringComparer.Ordinal);

    private static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    private static bool Exists(string path) => Path.Exists(Path.Combine(Repository.Root, path));

    // Links, and whatever starts with one of our own folders: a route or a media type has slashes too.
    [GeneratedRegex(@"\]\((?<path>[^)#]+)(#[^)]*)?\)|(?<![\w./<-])(?<path>(services|contracts|tests|deploy|\.ci)/[\w./-]*[\w/])(?![\w<{*])", RegexOptions.ExplicitCapture)]
    private static partial Regex WrittenPath();
}
