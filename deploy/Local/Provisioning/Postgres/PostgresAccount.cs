using System.Security.Cryptography;
using System.Text;
using Webhooks.Local.Provisioning.Packages;

namespace Webhooks.Local.Provisioning.Postgres;

/// <summary>
/// Who PostgreSQL runs as. It refuses root: then it becomes the user that its package made, which must be able to reach
/// the data. Anybody else runs it as themselves.
/// </summary>
/// <param name="Ids">"user:group" in numbers; null: ourselves.</param>
internal sealed record PostgresAccount(string? Ids)
{
    public static PostgresAccount Choose()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new PostgresAccount((string?)null);
        }

        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3)
            .ToLookup(fields => fields[0], fields => $"{fields[2]}:{fields[3]}", StringComparer.Ordinal);
        return known["postgres"].Concat(known["nobody"]).FirstOrDefault() is { } ids
            ? new PostgresAccount(ids)
            : throw new ProvisioningException(
                "PostgreSQL refuses to run as root and there is no user 'postgres' to become; add one with: useradd --system postgres");
    }

    /// <summary>The command line that runs a program as this user; it execs, so the process id stays the program's.</summary>
    public string[] Command(string program, params IEnumerable<string> arguments) => Ids?.Split(':') is [var user, var group]
        ? ["setpriv", $"--reuid={user}", $"--regid={group}", "--clear-groups", program, .. arguments]
        : [program, .. arguments];

    /// <summary>
    /// A directory that this user owns and can reach: the wanted one, or (below a closed home such as /root) one in
    /// /var/tmp that belongs to it by name.
    /// </summary>
    public async Task<string> PrepareDirectoryAsync(string wanted, CancellationToken cancellationToken)
    {
        var elsewhere = Path.Combine(
            "/var/tmp", $"webhooks-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted)))[..12]}");
        foreach (var directory in new[] { wanted, elsewhere })
        {
            Directory.CreateDirectory(directory);
            if (Ids is null)
            {
                return directory;
            }

            await OwnAsync(directory, cancellationToken);
            var probe = Command("/usr/bin/test", "-w", directory);
            if ((await Programs.RunAsync(probe[0], probe[1..], cancellationToken)).ExitCode == 0)
            {
                return directory;
            }

            if (!Directory.EnumerateFileSystemEntries(directory).Any())
            {
                Directory.Delete(directory);
            }
        }

        throw new ProvisioningException($"PostgreSQL's user ({Ids}) can reach neither {wanted} nor {elsewhere}; choose another directory with --state.");
    }

    public async Task OwnAsync(string path, CancellationToken cancellationToken)
    {
        if (Ids is null)
        {
            return;
        }

        var (exitCode, output) = await Programs.RunAsync("chown", [Ids, path], cancellationToken);
        if (exitCode != 0)
        {
            throw new ProvisioningException($"{path} could not be given to PostgreSQL's user ({Ids}): {output.Trim()}");
        }
    }
}
