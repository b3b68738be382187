using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>JSON pointers as a tree, so that a document is walked once for all of them.</summary>
internal sealed class PlaceTree
{
    private readonly Dictionary<string, PlaceTree> _below = new(StringComparer.Ordinal);

    /// <summary>A pointer ends here; what other pointers name below it is part of it.</summary>
    public bool IsPlace { get; private set; }

    public static PlaceTree Of(IReadOnlyList<JsonPointer> places)
    {
        var root = new PlaceTree();
        foreach (var place in places)
        {
            var at = root;
            foreach (var step in place.Steps)
            {
                at = at._below.TryGetValue(step, out var next) ? next : at._below[step] = new PlaceTree();
            }

            at.IsPlace = true;
        }

        return root;
    }

    /// <summary>Null when no pointer leads there.</summary>
    public PlaceTree? Below(string step) => _below.GetValueOrDefault(step);
}
