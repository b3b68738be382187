namespace Webhooks.Architecture.Tests;

/// <summary>The folder list is the feature list.</summary>
public sealed class FolderTests
{
    private static readonly string[] AtTheTop =
    [
        "services", "contracts", "tests", "deploy", "docker-compose.yml", "Webhooks.sln", "README.md",

        // What tools look for at a root.
        "Directory.Build.props", "Directory.Packages.props", "global.json", "nuget.config", ".editorconfig", ".gitignore",
        ".ci", "LICENSE", "CONTRIBUTING.md",
    ];

    // Names that say nothing about what is inside.
    private static readonly string[] Empty = ["Common", "Core", "Helpers", "Utils", "Services", "Managers", "Models", "Infrastructure"];

    [Fact]
    public void The_top_level_holds_only_what_is_named_here() =>
        Assert.Empty(Repository.TopLevel().Except(AtTheTop, StringComparer.Ordinal));

    [Fact]
    public void Folders_are_named_after_what_they_hold() => Assert.DoesNotContain(
        Repository.FoldersBelow("services", "contracts", "deploy"),
        folder => Empty.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase));
}
