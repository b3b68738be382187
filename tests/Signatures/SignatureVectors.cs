using System.Text.Json;

namespace Webhooks.Signatures.Tests;

/// <summary>One known answer: a signed request and whether, or why not, it is valid.</summary>
public sealed record SignatureVector(
    string Name, SignatureScheme Scheme, string Secret, IReadOnlyDictionary<string, string> Headers, string Body, bool Valid, string Why)
{
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>The known answers of vectors/signatures.json, which were computed independently of this engine.</summary>
internal static class SignatureVectors
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static IReadOnlyDictionary<string, SignatureVector> ByName { get; } = Load();

    private static Dictionary<string, SignatureVector> Load()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "vectors", "signatures.json"));
        return JsonSerializer.Deserialize<VectorFile>(file, SnakeCase)!.Vectors.ToDictionary(vector => vector.Name);
    }

    private sealed record VectorFile(IReadOnlyList<SignatureVector> Vectors);
}
