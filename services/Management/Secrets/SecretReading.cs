using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Management.Secrets;

/// <summary>A secret that somebody gives; whether it fits the profile is asked when that is known.</summary>
internal static class SecretReading
{
    public static Reading<string?> Read(string text)
    {
        // Who sends back what a GET showed would otherwise sign with asterisks from now on.
        if (SecretText.IsMasked(text))
        {
            return Reading<string?>.Refuse(FieldError.InvalidValue, "This is the masked secret as it is shown: leave it out to keep the present one.");
        }

        return SecretRule.IsText(text)
            ? Reading<string?>.Of(text)
            : Reading<string?>.Refuse(FieldError.InvalidFormat, "It must have 16 to 128 printable ASCII characters.");
    }
}
