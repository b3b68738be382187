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

    public static TheoryData<string> Pages => ["README.md", "CONTRIBUTING.md", .. Repository.FilesBelow(".md", "contracts", "deploy", "services", "tests")];

    // A link goes from the page's own folder, a path in code or a command from the root.
    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_path_written_on_a_page_exists(string page) => Assert.DoesNotContain(
        PathsIn(Text(page)), path => !Exists(path) && !Exists(BesideOf(page, path)));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_heading_that_a_page_links_to_is_there(string page) => Assert.DoesNotContain(
        LinkedHeading().Matches(Text(page)).Select(match => (Page: match.Groups["page"].Value, Heading: match.Groups["heading"].Value)),
        link => !HeadingsOf(link.Page.Length == 0 ? page : BesideOf(page, link.Page)).Contains(link.Heading));

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

    // As GitHub names them: without punctuation, in lower case, with hyphens.
    private static IEnumerable<string> HeadingsOf(string page) => Heading().Matches(Text(page))
        .Select(match => Punctuation().Replace(match.Groups["text"].Value, "").Replace(' ', '-').ToLowerInvariant());

    private static string BesideOf(string page, string path) => Path.Combine(Path.GetDirectoryName(page)!, path);

    private static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    private static bool Exists(string path) => Path.Exists(Path.Combine(Repository.Root, path));

    // Links, and whatever starts with one of our own folders: a route or a media type has slashes too.
    [GeneratedRegex(@"\]\((?<path>[^)#]+)(#[^)]*)?\)|(?<![\w./<-])(?<path>(services|contracts|tests|deploy|\.ci)/[\w./-]*[\w/])(?![\w<{*])", RegexOptions.ExplicitCapture)]
    private static partial Regex WrittenPath();

    [GeneratedRegex(@"\]\((?<page>[^)#:]*)#(?<heading>[^)]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex LinkedHeading();

    [GeneratedRegex("^#+ (?<text>.*)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
