namespace Webhooks.Api.OpenApi;

/// <summary>What a request is answered with when it did what it asked for.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Description">A sentence.</param>
/// <param name="Type">What is serialized; a test holds the schema to it. Null: no body.</param>
/// <param name="Schema">The body.</param>
internal sealed record Answer(int Status, string Description, Type? Type, Schema? Schema)
{
    /// <summary>Headers that it carries, each with its sentence.</summary>
    public IReadOnlyList<(string Name, Schema Schema)> Headers { get; private init; } = [];

    public static Answer Ok<T>(string description, Schema schema) => new(StatusCodes.Status200OK, description, typeof(T), schema);

    /// <summary>With the new thing's path in Location.</summary>
    public static Answer Created<T>(string description, string location, Schema schema) => new(StatusCodes.Status201Created, description, typeof(T), schema)
    {
        Headers = [("Location", Schema.Text("The path of what was created.", location, format: "uri-reference"))],
    };

    /// <param name="location">An example of the path in Location; null: there is none.</param>
    public static Answer Accepted<T>(string description, Schema schema, string? location = null) => new(StatusCodes.Status202Accepted, description, typeof(T), schema)
    {
        Headers = location is null ? [] : [("Location", Schema.Text("The path where it can be followed.", location, format: "uri-reference"))],
    };

    public static Answer Empty(string description) => new(StatusCodes.Status204NoContent, description, Type: null, Schema: null);

    /// <summary>With one more header.</summary>
    public Answer With(string header, Schema schema) => this with { Headers = [.. Headers, (header, schema)] };

    /// <summary>With the tag that If-Match takes.</summary>
    public Answer Tagged() => this with { Headers = [.. Headers, ("ETag", Schema.Text("Names this state of the resource; `If-Match` takes it.", "\"3-57\""))] };
}
