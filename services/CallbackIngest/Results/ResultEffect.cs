namespace Webhooks.CallbackIngest.Results;

/// <summary>What a result did to its callback.</summary>
internal enum ResultEffect
{
    /// <summary>Nothing: it was said before, or something final was.</summary>
    None,

    /// <summary>Its callback is as it says.</summary>
    Applied,

    /// <summary>Nothing yet: the callback is still being accepted.</summary>
    Waits,
}
