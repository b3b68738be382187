using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Local.Running;

/// <summary>Where everything is, as <c>endpoints.json</c> says it (its members: the README beside the project).</summary>
internal sealed record Endpoints
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public required string Management { get; init; }

    public required string Callbacks { get; init; }

    public required string Amqp { get; init; }

    public required string Postgres { get; init; }

    public required string AdminToken { get; init; }

    public required EndpointProcesses Processes { get; init; }

    public static async Task<Endpoints> ReadAsync(string file, CancellationToken cancellationToken = default)
    {
        await using var stream = File.OpenRead(file);
        return await JsonSerializer.DeserializeAsync<Endpoints>(stream, Json, cancellationToken)
            ?? throw new JsonException($"{file} is empty.");
    }

    /// <summary>Readers see the old file or the new one, never half of one. It holds the admin token, so it is its owner's only.</summary>
    internal void Write(string file)
    {
        var incomplete = file + ".new";
        File.Delete(incomplete);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(incomplete, options))
        {
            JsonSerializer.Serialize(stream, this, Json);
        }

        File.Move(incomplete, file, overwrite: true);
    }
}

/// <summary>The servers' own process ids; empty for what is not ours.</summary>
internal sealed record EndpointProcesses
{
    [JsonPropertyName("rabbitmq")]
    public required IReadOnlyList<int> RabbitMq { get; init; }

    public required IReadOnlyList<int> Postgres { get; init; }

    public required IReadOnlyList<int> Publisher { get; init; }

    public required IReadOnlyList<int> Dispatcher { get; init; }

    public required IReadOnlyList<int> CallbackIngest { get; init; }

    public required IReadOnlyList<int> Management { get; init; }
}
