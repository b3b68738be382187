using System.Security.Cryptography;
using Webhooks.Local.Provisioning;

namespace Webhooks.Local.Running;

/// <summary>
/// The environment of a service: what was given to us reaches it unchanged; we add what is missing. Generated secrets are
/// kept with the data, which could not be read without them after the next start.
/// </summary>
internal sealed class ServiceSettings
{
    private readonly Dictionary<string, string?> _added = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyDictionary<string, string> _given;

    public ServiceSettings(LocalSystemOptions options, string state)
    {
        _given = options.Settings;
        AdminToken = Default("Webhooks__AdminToken", () =>
            SecretFile.ReadOrCreate(Path.Combine(state, "admin-token"), () => "whk_" + RandomNumberGenerator.GetHexString(40, lowercase: true)));
        Default("Webhooks__SecretKeys__local", () =>
            SecretFile.ReadOrCreate(Path.Combine(state, "secret-key"), () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))));
        Default("Webhooks__SecretKeyId", () => "local");
        Default("Webhooks__AllowInsecureUrls", () => "true");
        Default("Webhooks__AllowedAddresses", () => "127.0.0.0/8, ::1/128");
    }

    public string AdminToken { get; }

    /// <summary>A running broker's URI, if one was given to us.</summary>
    public string? GivenRabbitMq => Given("ConnectionStrings__RabbitMq");

    /// <summary>A running PostgreSQL's connection string with the database to use, if one was given to us.</summary>
    public string? GivenPostgres => Given("ConnectionStrings__Postgres");

    public Dictionary<string, string?> Environment(string url, string rabbitMq, string postgres)
    {
        var environment = new Dictionary<string, string?>(_added, StringComparer.Ordinal);
        foreach (var (name, value) in _given)
        {
            environment[name] = value;
        }

        environment["ConnectionStrings__RabbitMq"] = rabbitMq;
        environment["ConnectionStrings__Postgres"] = postgres;
        environment["ASPNETCORE_URLS"] = url;
        return environment;
    }

    private string Default(string name, Func<string> create)
    {
        if (Given(name) is { } given)
        {
            return given;
        }

        var value = create();
        _added[name] = value;
        return value;
    }

    private string? Given(string name) =>
        (_given.GetValueOrDefault(name) ?? System.Environment.GetEnvironmentVariable(name)) is { Length: > 0 } value ? value : null;
}
