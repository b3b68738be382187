namespace Webhooks.Api.OpenApi;

/// <summary>A group of operations.</summary>
/// <param name="Name">As it stands in the document's contents.</param>
/// <param name="Description">A sentence or two.</param>
internal sealed record Tag(string Name, string Description);

/// <summary>What the document says about a route. Path, method and scope are the route's own; much else follows from what is said here.</summary>
/// <param name="Tag">Its group.</param>
/// <param name="Id">The <c>operationId</c>: the name of the method in generated clients.</param>
/// <param name="Summary">A few words, imperative, without a full stop.</param>
/// <param name="Description">Whole sentences: what it does, what a caller must know.</param>
internal sealed record Operation(Tag Tag, string Id, string Summary, string Description)
{
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>Null: it takes none. Named after the operation unless it has a name, for the types of generated clients.</summary>
    public Schema? Body
    {
        get;
        init => field = value is { Name: null } ? value.Named($"{char.ToUpperInvariant(Id[0])}{Id[1..]}Request") : value;
    }

    /// <summary>A sentence about a body of which only its bytes count at first; null: it is not such a one.</summary>
    public string? AnyBody { get; init; }

    /// <summary>True: it is not a token that proves who asks. Its 401 is then one of <see cref="OtherProblems"/>.</summary>
    public bool TakesNoToken { get; init; }

    /// <summary>May the request have no body at all?</summary>
    public bool BodyIsOptional { get; init; }

    /// <summary>Is the body a merge patch (RFC 7396)? Its media type is one more that is taken then.</summary>
    public bool IsMergePatch { get; init; }

    /// <summary>True: whether there is what the path names is not for this service to know.</summary>
    public bool TakesAnyId { get; init; }

    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>Those that do not follow from the rest.</summary>
    public IReadOnlyList<ProblemKind> OtherProblems { get; init; } = [];

    /// <summary>All that it may answer.</summary>
    public IReadOnlyList<ProblemKind> Problems => [.. ByItsShape().Concat(OtherProblems).Distinct().OrderBy(problem => problem.Example.Status)];

    private IEnumerable<ProblemKind> ByItsShape()
    {
        yield return ProblemKind.Unavailable;
        if (!TakesNoToken)
        {
            yield return ProblemKind.Unauthenticated;
            yield return ProblemKind.Forbidden;
        }

        if (Body is not null || AnyBody is not null)
        {
            yield return ProblemKind.BadRequest;
            yield return ProblemKind.TooSlow;
            yield return ProblemKind.TooLarge;
        }

        if (Body is not null)
        {
            yield return ProblemKind.MalformedJson;
            yield return ProblemKind.UnsupportedMediaType;
        }

        if (Body is not null || (AnyBody is null && Parameters.Any(parameter => parameter.In == Parameter.InQuery)))
        {
            yield return ProblemKind.ValidationFailed;
        }

        if (Parameters.Any(parameter => parameter.Name == Pages.QueryReader.CursorName))
        {
            yield return ProblemKind.InvalidCursor;
        }

        if (Parameters.Any(parameter => parameter.In == Parameter.InPath) && !TakesAnyId)
        {
            yield return ProblemKind.NotFound;
        }

        if (Parameters.Contains(Parameter.IfMatch))
        {
            yield return ProblemKind.PreconditionFailed;
        }
    }
}

/// <summary>A route's description. Made when the document is: a service that starts has no use for it, and must not fail for it.</summary>
internal sealed record OperationMark(Func<Operation> Describe);

/// <summary>Gives a route its description. A test names every route that has none.</summary>
internal static class DescribedRoutes
{
    public static TBuilder DescribedBy<TBuilder>(this TBuilder route, Func<Operation> describe)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new OperationMark(describe));
}
