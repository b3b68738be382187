using System.Buffers.Text;
using System.Text;

namespace Webhooks.Api.Pages;

/// <summary>The place in a list that is ordered by names. Opaque outside.</summary>
internal static class NameCursor
{
    // The list goes in as one letter, so that one list's cursor is not taken by another.
    public static string Write(char list, string name) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(list + name));

    public static bool TryRead(char list, string text, out string name)
    {
        name = "";
        if (!Base64Url.IsValid(text))
        {
            return false;
        }

        var read = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        name = read.Length > 1 ? read[1..] : "";
        return name.Length > 0 && read[0] == list;
    }
}
