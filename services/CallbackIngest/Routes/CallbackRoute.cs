namespace Webhooks.CallbackIngest.Routes;

/// <summary>One kind of callback, as data: a path, the fields of its body, and the command that it becomes.</summary>
internal sealed record CallbackRoute
{
    /// <summary>Never changes: it is stored with every callback, and a part of every command's id.</summary>
    public required string Name { get; init; }

    /// <summary>The path, with <see cref="SubjectName"/> in braces.</summary>
    public required string Template { get; init; }

    /// <summary>What it is called in the API's description: <c>exception</c>.</summary>
    public required string Noun { get; init; }

    /// <summary>What the call is about, as the path names it: 1–128 of <c>A-Za-z0-9_.:-</c>.</summary>
    public required string SubjectName { get; init; }

    /// <summary>The same in the command.</summary>
    public required string SubjectMember { get; init; }

    /// <summary>In the order of the command's members. One is of the kind <see cref="FieldKind.System"/>.</summary>
    public required IReadOnlyList<CallbackField> Fields { get; init; }

    /// <summary>What the command is published with.</summary>
    public required string RoutingKey { get; init; }

    /// <summary>The command as MassTransit names it: <c>urn:message:Webhooks.Contracts:ApplyExceptionCallback</c>.</summary>
    public required string MessageType { get; init; }

    /// <summary>Where the command waits for its service, which may not have been started yet.</summary>
    public required string Queue { get; init; }

    /// <summary>What binds that queue.</summary>
    public required string Binding { get; init; }
}
