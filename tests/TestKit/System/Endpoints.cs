using System.Text.Json;

namespace Webhooks.TestKit;

/// <summary>What the local runner says about the system it runs: its <c>endpoints.json</c>.</summary>
/// <param name="Management">URL without a trailing slash.</param>
/// <param name="Amqp">AMQP URI.</param>
/// <param name="Postgres">Npgsql connection string.</param>
/// <param name="AdminToken">Good for all tenants and scopes.</param>
/// <param name="Processes">Process ids by name; they change when a process is started again.</param>
public sealed record Endpoints(
    string Management, string Amqp, string Postgres, string AdminToken, IReadOnlyDictionary<string, IReadOnlyList<int>> Processes)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Where callbacks and sources' webhooks are sent; URL without a trailing slash.</summary>
    public required string Callbacks { get; init; }

    /// <summary>The runner replaces the file in one step, so a reader never sees half of it.</summary>
    public static Endpoints Read(string file) =>
        JsonSerializer.Deserialize<Endpoints>(File.ReadAllBytes(file), Json) ?? throw new InvalidDataException($"{file} is empty.");
}
