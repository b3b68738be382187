using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Subscriptions.Ordering;

namespace Webhooks.Management.Subscriptions.Limits;

/// <summary>Reads whether a subscription's deliveries are ordered, and by what. Neither member is anything without the other.</summary>
internal static class OrderingMembers
{
    public const int LongestKey = 500;

    private const string Ordering = "ordering";
    private const string Key = "ordering_key";

    /// <returns>Null: they are not ordered.</returns>
    public static OrderingKey? Read(MemberReader body, OrderingKey? present)
    {
        var ordered = body.Text(Ordering, present is not null, whenNull: false, ReadOrdering);

        // Whoever ends the order need not name the key that went with it.
        var key = body.Text(Key, ordered ? present : null, whenNull: null, ReadKey);
        if (body.IsFaulty(Ordering) || body.IsFaulty(Key))
        {
            return present;
        }

        if (ordered && key is null)
        {
            body.Fault(Key, FieldError.Required, "An order by key needs a JSON pointer into the event, such as /data/exception_id.");
        }
        else if (!ordered && key is not null)
        {
            body.Fault(Key, FieldError.InvalidValue, "It goes with \"ordering\": \"by_key\" only.");
        }

        return key;
    }

    private static Reading<bool> ReadOrdering(string text) => text == OrderingKey.ByKey
        ? Reading<bool>.Of(true)
        : Reading<bool>.Refuse(FieldError.InvalidValue, $"It must be {OrderingKey.ByKey} or null.");

    private static Reading<OrderingKey?> ReadKey(string text) =>
        text.Length > LongestKey ? Reading<OrderingKey?>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestKey} characters.")
        : OrderingKey.TryParse(text, out var key) ? Reading<OrderingKey?>.Of(key)
        : Reading<OrderingKey?>.Refuse(FieldError.InvalidFormat, "It must be a JSON pointer to a part of the event, such as /data/exception_id.");
}
