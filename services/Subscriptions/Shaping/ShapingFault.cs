namespace Webhooks.Subscriptions.Shaping;

/// <summary>What is wrong with a filter or a transform, and where in it.</summary>
/// <param name="Pointer">JSON pointer into the filter or transform; empty: all of it.</param>
/// <param name="Message">A sentence that says what would be right.</param>
public sealed record ShapingFault(string Pointer, string Message);
