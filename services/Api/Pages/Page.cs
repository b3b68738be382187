namespace Webhooks.Api.Pages;

/// <summary>A part of a list, newest first.</summary>
/// <param name="Items">May be fewer than asked for, even none, while <paramref name="NextCursor"/> is there: go on.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Pages of lists that are read one row further than they are shown.</summary>
internal static class Page
{
    /// <param name="found">The rows; one more than <paramref name="limit"/> when the list goes on.</param>
    /// <param name="limit">How many are shown.</param>
    /// <param name="show">How one is shown.</param>
    /// <param name="cursor">Its place in the list.</param>
    /// <param name="list">The list's letter.</param>
    public static Page<TShown> Of<TRow, TShown>(IReadOnlyList<TRow> found, int limit, Func<TRow, TShown> show, Func<TRow, Cursor> cursor, char list) =>
        new([.. found.Take(limit).Select(show)], found.Count > limit ? cursor(found[limit - 1]).Write(list) : null);
}
