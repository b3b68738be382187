namespace Webhooks.Local.Processes;

/// <summary>The file a child writes to, and its end for the message that says why a child did not start.</summary>
internal static class LogFile
{
    private const int TailBytes = 64 * 1024;

    /// <summary>Path of an empty log; the last run's is kept beside it.</summary>
    public static string Fresh(string directory, string name)
    {
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, name + ".log");
        if (File.Exists(file))
        {
            File.Move(file, Path.Combine(directory, name + ".previous.log"), overwrite: true);
        }

        return file;
    }

    public static string TailOf(string file, int lines = 15)
    {
        if (!File.Exists(file))
        {
            return $"({file} was not written)";
        }

        // Shared with the process that still writes it.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(-Math.Min(stream.Length, TailBytes), SeekOrigin.End);
        using var reader = new StreamReader(stream);
        // .NET prints what went wrong and then the stack, on lines of its own or, in our logs, on the same one; with it
        // the few lines would not show the reason.
        var last = reader.ReadToEnd().TrimEnd().Split('\n')
            .Select(line => line.Split("   at ")[0].TrimEnd())
            .Where(line => line.Length > 0)
            .TakeLast(lines);
        return $"The last lines of {file}:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", last)}";
    }
}
