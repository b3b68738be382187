namespace Webhooks.Api.Pages;

/// <summary>A part of a list, newest first.</summary>
/// <param name="Items">May be fewer than asked for, even none, while <paramref name="NextCursor"/> is there: go on.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);
