namespace Webhooks.Local.Processes;

/// <summary>The end of a log, for the message that says why something did not start.</summary>
internal static class LogTail
{
    public static string Of(string file, int lines = 15)
    {
        if (!File.Exists(file))
        {
            return $"({file} was not written)";
        }

        // Shared with the process that still writes it.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(-Math.Min(stream.Length, 64 * 1024), SeekOrigin.End);
        using var reader = new StreamReader(stream);
        var last = reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(lines);
        return $"The last lines of {file}:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", last)}";
    }
}
