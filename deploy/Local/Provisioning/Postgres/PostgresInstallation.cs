using Webhooks.Local.Provisioning.Packages;

namespace Webhooks.Local.Provisioning.Postgres;

/// <summary>Where PostgreSQL's server programs are on this machine.</summary>
internal sealed record PostgresInstallation(string Programs)
{
    // Distributions keep server programs out of PATH, one directory a version.
    private static readonly (string Root, string Bin)[] Places =
        [("/usr/lib/postgresql", "bin"), ("/usr/pgsql", "bin"), ("/opt/homebrew/opt", "bin"), ("/usr/local/opt", "bin")];

    public string Server => Path.Combine(Programs, "postgres");

    public string InitializeCluster => Path.Combine(Programs, "initdb");

    /// <summary>psql, which may be packaged apart from the server; null: it is not here.</summary>
    public string? Client => new[] { Path.Combine(Programs, "psql"), Packages.Programs.InPath("psql") }.FirstOrDefault(File.Exists);

    public static PostgresInstallation? Find()
    {
        var newest = Places.Where(place => Directory.Exists(place.Root))
            .SelectMany(place => Directory.EnumerateDirectories(place.Root).Select(version => Path.Combine(version, place.Bin)))
            .Append(Path.GetDirectoryName(Packages.Programs.InPath("initdb")))
            .Where(bin => bin is not null && File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")))
            .MaxBy(VersionOf);
        return newest is null ? null : new PostgresInstallation(newest);
    }

    private static int VersionOf(string? bin) =>
        int.TryParse(Path.GetFileName(Path.GetDirectoryName(bin))?.Split('@', '-')[^1], out var version) ? version : 0;
}
