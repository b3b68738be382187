using System.Security.Cryptography;

namespace Webhooks.Local.Provisioning;

/// <summary>A secret that is made once and kept beside the data it protects, readable by its owner only.</summary>
internal static class SecretFile
{
    public static string ReadOrCreate(string path) => ReadOrCreate(path, () => RandomNumberGenerator.GetHexString(32, lowercase: true));

    public static string ReadOrCreate(string path, Func<string> create)
    {
        if (!File.Exists(path))
        {
            Write(path, create());
        }

        return File.ReadAllText(path);
    }

    private static void Write(string path, string secret)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("The local runner needs Linux or macOS; on Windows use docker compose.");
        }

        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead, // Erlang insists on this for its cookie
        });
        using var writer = new StreamWriter(stream);
        writer.Write(secret);
    }
}
