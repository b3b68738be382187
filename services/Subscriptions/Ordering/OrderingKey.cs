using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Ordering;

/// <summary>
/// Where an ordered subscription finds what its events are ordered by: those with the same value there are delivered one
/// after the other, in the order of their acceptance. A value: equal when spelled alike.
/// </summary>
public sealed class OrderingKey : IEquatable<OrderingKey>
{
    /// <summary>The only ordering there is, as the database and the API name it.</summary>
    public const string ByKey = "by_key";

    private readonly JsonPointer _pointer;

    private OrderingKey(JsonPointer pointer) => _pointer = pointer;

    /// <summary>The pointer, as it was given.</summary>
    public string Pointer => _pointer.Text;

    /// <summary>False: no JSON pointer, or the one to the whole event, which is never a key.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out OrderingKey? key)
    {
        key = JsonPointer.TryParse(text, out var pointer) && pointer.Steps.Count > 0 ? new OrderingKey(pointer) : null;
        return key is not null;
    }

    /// <summary>One that was saved.</summary>
    /// <exception cref="InvalidOperationException">This version does not understand it.</exception>
    public static OrderingKey Parse(string text) => TryParse(text, out var key) ? key
        : throw new InvalidOperationException($"A revision has an ordering key that this version does not understand: run one that does. {text}");

    /// <summary>
    /// What stands for the event's key: 64 bits of a hash, small enough for an index over what waits. Two keys of one
    /// subscription that share it would merely be ordered among each other, too. Null: the event has no key, because nothing is at the
    /// pointer, or null, or an object or array; it is not ordered.
    /// </summary>
    /// <param name="document">The event as section 7 of the design has it: <c>id</c>, <c>type</c>, <c>data</c> …</param>
    public long? Of(JsonPlace document) => document.Find(_pointer) is { } found && TextOf(found) is { } text
        ? BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)))
        : null;

    public bool Equals(OrderingKey? other) => other?.Pointer == Pointer;

    public override bool Equals(object? obj) => Equals(obj as OrderingKey);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Pointer);

    public override string ToString() => Pointer;

    // The kind is part of it: "1" and 1 are two keys, as they are two values to a filter.
    private static string? TextOf(JsonPlace value) => value.Kind switch
    {
        JsonValueKind.String => $"s{value.Text}",
        JsonValueKind.Number => $"n{value.Number}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };
}
