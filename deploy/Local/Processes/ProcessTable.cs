using System.Text;

namespace Webhooks.Local.Processes;

/// <summary>
/// What /proc tells about running processes: who carries our mark, who works in our directory, who is whose child.
/// Where there is no /proc it knows nobody, and leftovers of a killed run are not found.
/// </summary>
internal static class ProcessTable
{
    /// <summary>Every process, and every descendant of one, that was started with this variable; matched by <paramref name="isOurs"/>.</summary>
    public static IReadOnlyList<int> WithEnvironment(string variable, Predicate<string> isOurs)
    {
        var prefix = variable + "=";
        return [.. All().Where(id => EnvironmentOf(id).Any(entry =>
            entry.StartsWith(prefix, StringComparison.Ordinal) && isOurs(entry[prefix.Length..])))];
    }

    /// <summary>
    /// PostgreSQL's processes overwrite their environment with their title, but all of them work in the data directory.
    /// The name is asked as well: a person's shell may stand in the same directory.
    /// </summary>
    public static IReadOnlyList<int> WorkingIn(string directory, string name) =>
        [.. All().Where(id => NameOf(id) == name && WorkingDirectoryOf(id) == directory)];

    public static IReadOnlyList<int> ChildrenOf(int parent) => [.. All().Where(id => ParentOf(id) == parent)];

    /// <summary>A zombie counts as gone: it holds no port, no file and no memory.</summary>
    public static bool IsAlive(int id) => StatusOf(id) is { State: not 'Z' and not 'X' };

    public static string? NameOf(int id) => Read($"/proc/{id}/comm")?.TrimEnd('\n');

    public static IEnumerable<string> EnvironmentOf(int id) => Read($"/proc/{id}/environ")?.Split('\0') ?? [];

    public static int? ParentOf(int id) => StatusOf(id)?.Parent;

    // "pid (name) state parent …"; the name may contain anything, so what follows its last bracket counts.
    private static (char State, int Parent)? StatusOf(int id)
    {
        if (Read($"/proc/{id}/stat") is not { } stat)
        {
            return null;
        }

        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (fields[0][0], int.Parse(fields[1]));
    }

    private static string? WorkingDirectoryOf(int id)
    {
        try
        {
            return new FileInfo($"/proc/{id}/cwd").LinkTarget;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> All() => !Directory.Exists("/proc/self") ? [] :
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0)
            .Where(id => id > 0);

    // Processes end while they are being read, and those of other users are none of our business.
    private static string? Read(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path)) is { Length: > 0 } text ? text : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
