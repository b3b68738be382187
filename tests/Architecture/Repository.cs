using System.IO.Enumeration;

namespace Webhooks.Architecture.Tests;

/// <summary>The repository as a reader sees it: what git ignores is not there.</summary>
internal static class Repository
{
    /// <summary>The folder that holds Webhooks.sln, found upwards from the test's own.</summary>
    public static string Root { get; } = FindRoot();

    // After Root, which it reads.
    private static readonly string[] Ignored = [".git", .. File.ReadLines(Path.Combine(Root, ".gitignore")).Select(line => line.Trim().TrimEnd('/'))];

    /// <summary>Names of the files and folders at the top.</summary>
    public static IEnumerable<string> TopLevel() => Visible(Directory.EnumerateFileSystemEntries(Root)).Select(entry => Path.GetFileName(entry));

    /// <summary>Every folder below the given ones, as a path from the root.</summary>
    public static IEnumerable<string> FoldersBelow(params string[] folders) =>
        folders.SelectMany(folder => Below(Path.Combine(Root, folder)).Skip(1)).Select(Relative);

    /// <summary>Every file below the given folders whose name ends so, as a path from the root.</summary>
    public static IEnumerable<string> FilesBelow(string ending, params string[] folders) =>
        folders.SelectMany(folder => Below(Path.Combine(Root, folder)))
            .SelectMany(folder => Visible(Directory.EnumerateFiles(folder)))
            .Where(file => file.EndsWith(ending, StringComparison.Ordinal))
            .Select(Relative);

    private static IEnumerable<string> Below(string folder) =>
        Visible(Directory.EnumerateDirectories(folder)).SelectMany(Below).Prepend(folder);

    private static IEnumerable<string> Visible(IEnumerable<string> entries) =>
        entries.Where(entry => !Array.Exists(Ignored, pattern => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(entry))));

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Webhooks.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Webhooks.sln; these tests read the sources.");
    }
}
