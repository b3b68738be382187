using System.Text.Json;
using Webhooks.Api.Bodies;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Management.Subscriptions;

/// <summary>
/// What a merge patch makes of a subscription's filter and transform. Where there was none it is taken as it is, a template's
/// nulls included.
/// </summary>
internal static class ShapingPatch
{
    public static JsonElement OfFilter(EventFilter? present, JsonElement patch) =>
        present is null ? patch : MergePatch.Apply(JsonElement.Parse(present.Json), patch);

    /// <summary>A transform has one kind: naming another one replaces it, also without a null for the one before.</summary>
    public static JsonElement OfTransform(EventTransform? present, JsonElement patch)
    {
        if (present is null || patch.ValueKind != JsonValueKind.Object)
        {
            return patch;
        }

        var target = JsonElement.Parse(present.Json);
        var named = patch.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null).Select(member => member.Name).ToList();
        return MergePatch.Apply(named is [var kind] && !target.TryGetProperty(kind, out _) ? JsonElement.Parse("{}") : target, patch);
    }
}
